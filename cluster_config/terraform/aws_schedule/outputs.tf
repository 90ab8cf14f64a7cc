output "role_arn" {
  description = "The role that starts adg."
  value       = aws_iam_role.scheduler.arn
}

output "commands" {
  description = "Command of each task."
  value       = module.commands.arguments
}
