# Complete AWS setup for three modules in ECS. With `emr` instead of `ecs_runs` it starts the replaced system's cluster.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

provider "aws" {
  region = local.region
}

locals {
  account = "111111111111"
  region  = "eu-west-2"
  task    = "arn:aws:ecs:${local.region}:${local.account}:task-definition/adg"
}

module "buckets" {
  source           = "../../aws_buckets"
  published_bucket = "adg-published-${local.account}"
  config_bucket    = "adg-config-${local.account}"
}

module "ledger" {
  source = "../../aws_ledger"
}

module "roles" {
  source                  = "../../aws_roles"
  account_id              = local.account
  region                  = local.region
  trusted_services        = ["ecs-tasks.amazonaws.com"]
  published_bucket        = "adg-published-${local.account}"
  ledger_table            = module.ledger.table
  glue_databases          = ["uc_kickstart"]
  secret_arns             = ["arn:aws:secretsmanager:${local.region}:${local.account}:secret:/kickstart/adg-??????"]
  certificate_secret_arns = ["arn:aws:secretsmanager:${local.region}:${local.account}:secret:/kickstart/adg-certificate-??????"]
  source_buckets          = ["landing-vacancy", "landing-application", "landing-payment"]
  source_role_arn         = "arn:aws:iam::222222222222:role/adg-reader"
}

resource "aws_cloudwatch_log_group" "adg" {
  name              = "/adg"
  retention_in_days = 90
}

module "schedule" {
  source     = "../../aws_schedule"
  account_id = local.account

  ecs = {
    cluster_arn         = "arn:aws:ecs:${local.region}:${local.account}:cluster/adg"
    task_definition_arn = local.task
    role_arns           = [module.roles.runner_arn, module.roles.execution_arn]
    subnets             = ["subnet-11111111111111111"]
    security_groups     = ["sg-11111111111111111"]
  }

  ecs_runs = {
    vacancy             = { module = "vacancy", load_type = "delta" }
    vacancy-incremental = { module = "vacancy", load_type = "incremental", schedule = "cron(5 5-9 * * ? *)" }
    application         = { module = "application", load_type = "delta" }
    payment             = { module = "payment", load_type = "delta" }
  }
}

module "alarms" {
  source     = "../../aws_alarms"
  account_id = local.account
  topic_arn  = "arn:aws:sns:${local.region}:${local.account}:monitoring"
  log_group  = aws_cloudwatch_log_group.adg.name
  modules    = ["vacancy", "application", "payment"]
}
