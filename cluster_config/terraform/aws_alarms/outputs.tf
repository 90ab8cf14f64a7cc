output "rules" {
  description = "The rules by what they listen for."
  value       = { for name, rule in aws_cloudwatch_event_rule.ended_badly : name => rule.arn }
}
