# The role that runs adg, and the first role of the chain to the source. The last role is in another account: outputs hold its policies.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

module "policies" {
  source = "../aws_policies"

  account_id         = var.account_id
  region             = var.region
  published_bucket   = var.published_bucket
  published_key_arns = var.published_key_arns
  ledger_table       = var.ledger_table
  glue_databases     = var.glue_databases
  secret_arns        = var.secret_arns
  first_hop_arns     = [aws_iam_role.source.arn]
  source_buckets     = var.source_buckets
  source_key_arns    = var.source_key_arns
}

resource "aws_iam_role" "runner" {
  name        = "${var.name}-runner"
  description = "Runs adg"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = var.trusted_services }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "runner" {
  name   = "adg"
  role   = aws_iam_role.runner.name
  policy = module.policies.runner
}

# EMR and EC2 use a role through an instance profile.
resource "aws_iam_instance_profile" "runner" {
  name = aws_iam_role.runner.name
  role = aws_iam_role.runner.name
}

resource "aws_iam_role" "source" {
  name        = "${var.name}-source"
  description = "The first role of the chain to the source"
  # AWS limits chained roles to one hour, whatever this value is; adg renews credentials before they expire.
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = aws_iam_role.runner.arn }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "source" {
  name = "adg"
  role = aws_iam_role.source.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = [var.source_role_arn]
    }]
  })
}

# Permissions of ECS and Batch before adg starts: the image, the log, and secrets passed as variables.
resource "aws_iam_role" "execution" {
  name        = "${var.name}-execution"
  description = "Starts the container of adg"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["ecs-tasks.amazonaws.com"] }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "execution" {
  count = length(var.certificate_secret_arns) == 0 ? 0 : 1
  name  = "certificate"
  role  = aws_iam_role.execution.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = var.certificate_secret_arns
    }]
  })
}
