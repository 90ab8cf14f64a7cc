output "service_account" {
  description = "Service account that runs adg: for Dataproc Metastore, Cloud SQL and the key of a bucket."
  value       = google_service_account.runner.email
}

output "jobs" {
  description = "Cloud Run jobs by run."
  value       = { for name, job in google_cloud_run_v2_job.run : name => job.id }
}
