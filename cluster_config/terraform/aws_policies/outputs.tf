output "runner" {
  description = "Permissions of the role that runs adg."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.runner })
}

output "source_reader" {
  description = "Permissions of the last role of the chain, or without a chain of the role that runs adg."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.source_reader })
}
