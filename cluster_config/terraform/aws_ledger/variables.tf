variable "table" {
  description = "Name of the table, as in adg.yaml."
  type        = string
  default     = "data_pipeline_metadata"
}

variable "kms_key_arn" {
  description = "KMS key that encrypts the table. None: DynamoDB's own."
  type        = string
  default     = null
}
