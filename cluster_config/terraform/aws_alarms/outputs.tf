output "rules" {
  description = "Rules by event type."
  value       = { for name, rule in aws_cloudwatch_event_rule.ended_badly : name => rule.arn }
}
