output "published_arn" {
  description = "The bucket of the tables."
  value       = aws_s3_bucket.this["published"].arn
}

output "config_arn" {
  description = "The bucket of the bundle."
  value       = aws_s3_bucket.this["config"].arn
}
