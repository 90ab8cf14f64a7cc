output "runner" {
  description = "What whoever runs adg may do."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.runner })
}

output "source_reader" {
  description = "What the last role of the chain may do; or whoever runs adg, where there is no chain."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.source_reader })
}
