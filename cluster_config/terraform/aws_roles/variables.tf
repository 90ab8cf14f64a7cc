variable "name" {
  description = "Prefix of the role names."
  type        = string
  default     = "adg"
}

variable "trusted_services" {
  description = "Services that run adg with this role: ec2 for EMR, ecs-tasks for ECS and Batch, lambda."
  type        = list(string)
  default     = ["ecs-tasks.amazonaws.com"]

  validation {
    condition     = alltrue([for service in var.trusted_services : endswith(service, ".amazonaws.com")])
    error_message = "A service is written like ecs-tasks.amazonaws.com."
  }
}

variable "source_role_arn" {
  description = "The last role of the chain, in the source's account."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.source_role_arn))
    error_message = "A role is written arn:aws:iam::ACCOUNT:role/NAME."
  }
}

variable "external_id" {
  description = "External id that the source's account requires, as in adg.yaml. Empty: none."
  type        = string
  default     = ""
  sensitive   = true
}

variable "certificate_secret_arns" {
  description = "Secret with the client certificate for the key service, for encrypted modules in ECS and Batch."
  type        = list(string)
  default     = []
}

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
