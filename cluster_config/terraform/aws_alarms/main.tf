# Notifications for every exit code other than 0, every failed start, and a day without a run that exited with 0. The replaced rules
# only covered clusters, which terminate successfully even if a step failed.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

locals {
  patterns = {
    ecs         = "A task of ECS ended with a code other than 0"
    ecs-unborn  = "A task of ECS could not be started"
    emr-step    = "A step of EMR failed"
    emr-cluster = "A cluster of EMR ended with errors"
    batch       = "A job of Batch failed"
  }
}

resource "aws_cloudwatch_event_rule" "ended_badly" {
  for_each = local.patterns

  name          = "${var.name}-${each.key}"
  description   = each.value
  event_pattern = file("${path.module}/patterns/${each.key}.json")
}

resource "aws_cloudwatch_event_target" "ended_badly" {
  for_each = local.patterns

  rule = aws_cloudwatch_event_rule.ended_badly[each.key].name
  arn  = var.topic_arn
}

# The topic must allow EventBridge and CloudWatch to publish.
resource "aws_sns_topic_policy" "ended_badly" {
  count = var.write_topic_policy ? 1 : 0
  arn   = var.topic_arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LetAlarmsIn"
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = var.topic_arn
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

# A disabled schedule causes no failure, so alarm on the absence of successful runs.
resource "aws_cloudwatch_log_metric_filter" "done" {
  for_each = var.log_group == null ? toset([]) : var.modules

  name           = "${var.name}-${each.value}-done"
  log_group_name = var.log_group
  pattern        = "{ $.event = \"run_done\" && $.module = \"${each.value}\" && $.exit_code = 0 }"

  metric_transformation {
    name      = "${each.value}-done"
    namespace = var.name
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "not_done" {
  for_each = aws_cloudwatch_log_metric_filter.done

  alarm_name          = "${var.name}-${each.key}-not-done"
  alarm_description   = "No run of ${each.key} ended with 0 for a day"
  namespace           = var.name
  metric_name         = "${each.key}-done"
  statistic           = "Sum"
  period              = 86400
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [var.topic_arn]
}
