# EventBridge Scheduler: starts an ECS task for each run, or publishes the message of the EMR launcher, like the replaced rule.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

module "commands" {
  source  = "../commands"
  profile = var.profile
  runs    = { for name, run in var.ecs_runs : name => { module = run.module, load_type = run.load_type, memory = run.memory } }
}

resource "aws_iam_role" "scheduler" {
  name        = "${var.name}-scheduler"
  description = "Starts adg"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "start"
  role = aws_iam_role.scheduler.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      var.ecs == null ? [] : [
        {
          Effect    = "Allow"
          Action    = ["ecs:RunTask"]
          Resource  = [var.ecs.task_definition_arn, "${var.ecs.task_definition_arn}:*"]
          Condition = { ArnEquals = { "ecs:cluster" = var.ecs.cluster_arn } }
        },
        {
          Effect    = "Allow"
          Action    = ["iam:PassRole"]
          Resource  = var.ecs.role_arns
          Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
        },
      ],
      var.emr == null ? [] : [{
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = [var.emr.topic_arn]
      }],
    )
  })

  lifecycle {
    precondition {
      condition     = var.ecs != null || var.emr != null
      error_message = "Say ecs, or emr: there would be nothing to start."
    }
    precondition {
      condition     = var.ecs != null || length(var.ecs_runs) == 0
      error_message = "ecs_runs want ecs."
    }
  }
}

resource "aws_scheduler_schedule" "ecs" {
  for_each = var.ecs_runs

  name                         = "${var.name}-${each.key}"
  description                  = "adg: ${each.value.module}, ${each.value.load_type}"
  schedule_expression          = each.value.schedule
  schedule_expression_timezone = var.time_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.ecs.cluster_arn
    role_arn = aws_iam_role.scheduler.arn

    ecs_parameters {
      task_definition_arn = var.ecs.task_definition_arn
      launch_type         = "FARGATE"
      task_count          = 1

      network_configuration {
        subnets          = var.ecs.subnets
        security_groups  = var.ecs.security_groups
        assign_public_ip = false
      }
    }

    # Retries tasks that could not be started. The exit code of a task is not visible here: adg-retry retries it.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }

    input = jsonencode({
      containerOverrides = [{
        name    = var.ecs.container
        command = concat([module.commands.program], module.commands.arguments[each.key])
      }]
    })
  }
}

resource "aws_scheduler_schedule" "emr" {
  count = var.emr == null ? 0 : 1

  name                         = "${var.name}-emr"
  description                  = "Starts the cluster of adg"
  schedule_expression          = var.emr.schedule
  schedule_expression_timezone = var.time_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.emr.topic_arn
    role_arn = aws_iam_role.scheduler.arn
    input    = var.emr.message
  }
}
