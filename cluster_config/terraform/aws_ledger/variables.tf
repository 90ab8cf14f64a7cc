variable "table" {
  description = "The table's name, as adg.yaml has it."
  type        = string
  default     = "data_pipeline_metadata"
}

variable "kms_key_arn" {
  description = "The key of KMS that encrypts it. None: DynamoDB's own."
  type        = string
  default     = null
}
