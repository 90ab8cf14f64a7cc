output "role_arn" {
  description = "The role that starts adg."
  value       = aws_iam_role.scheduler.arn
}

output "commands" {
  description = "What each task runs."
  value       = module.commands.arguments
}
