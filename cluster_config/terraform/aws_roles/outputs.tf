output "runner_arn" {
  description = "The role that runs adg."
  value       = aws_iam_role.runner.arn
}

output "runner_instance_profile" {
  description = "JobFlowRole of emr/cluster.yaml."
  value       = aws_iam_instance_profile.runner.name
}

output "source_arn" {
  description = "The first role of role_chain in adg.yaml."
  value       = aws_iam_role.source.arn
}

output "execution_arn" {
  description = "executionRoleArn of ecs/task_definition.json and batch/job_definition.json."
  value       = aws_iam_role.execution.arn
}

output "source_role_trust" {
  description = "For the source's account: trust policy of its role."
  sensitive   = true

  value = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.source.arn }
        Action    = "sts:AssumeRole"
      },
      var.external_id == "" ? {} : { Condition = { StringEquals = { "sts:ExternalId" = var.external_id } } },
    )]
  })
}

output "source_role_policy" {
  description = "For the source's account: permissions of its role."
  value       = module.policies.source_reader
}
