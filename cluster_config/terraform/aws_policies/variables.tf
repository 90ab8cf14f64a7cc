variable "account_id" {
  description = "The account that adg runs in."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account has twelve digits."
  }
}

variable "region" {
  description = "The region of the ledger and the catalog."
  type        = string
}

variable "published_bucket" {
  description = "The bucket of the tables."
  type        = string
}

variable "published_key_arns" {
  description = "KMS keys that encrypt published data, if any."
  type        = list(string)
  default     = []
}

variable "ledger_table" {
  description = "DynamoDB table of the ledger."
  type        = string
  default     = "data_pipeline_metadata"
}

variable "glue_databases" {
  description = "Databases that modules write, if the metastore is Glue."
  type        = list(string)
  default     = []
}

variable "secret_arns" {
  description = "Secrets in adg.yaml, each with -?????? for the suffix that Secrets Manager adds to the name."
  type        = list(string)
  default     = []
}

variable "first_hop_arns" {
  description = "The first role of each role_chain."
  type        = list(string)
  default     = []
}

variable "source_buckets" {
  description = "The buckets that modules read."
  type        = list(string)

  validation {
    condition     = length(var.source_buckets) > 0
    error_message = "Name one at least."
  }
}

variable "source_key_arns" {
  description = "KMS keys that encrypt the source, if any."
  type        = list(string)
  default     = []
}
