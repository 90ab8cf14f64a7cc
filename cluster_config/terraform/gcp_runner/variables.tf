variable "name" {
  description = "Prefix of all names."
  type        = string
  default     = "adg"
}

variable "project" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "The region of bucket, jobs and schedules."
  type        = string
}

variable "image" {
  description = "The image of container/Containerfile, in Artifact Registry."
  type        = string
}

variable "profile" {
  description = "The profile of adg.yaml."
  type        = string
  default     = "gcp"
}

variable "published_bucket" {
  description = "The bucket of the tables, as adg.yaml names it."
  type        = string
}

variable "source_buckets" {
  description = "The buckets that modules read."
  type        = set(string)
}

variable "ledger_secret" {
  description = "The secret in Secret Manager: JSON with `url`, the ledger's address."
  type        = string
  default     = "adg-ledger"
}

variable "network" {
  description = "The network of the metastore and the ledger."
  type        = string
  default     = "default"
}

variable "subnetwork" {
  description = "The subnetwork of the jobs."
  type        = string
  default     = "default"
}

variable "time_zone" {
  description = "The time zone of all schedules."
  type        = string
  default     = "Etc/UTC"
}

variable "runs" {
  description = "Runs by name; limit is the memory of the machine, which also holds /tmp. Hourly: adg skips completed dates, and reads a late file an hour later."
  type = map(object({
    module    = string
    load_type = optional(string, "full")
    memory    = optional(string, "512MiB")
    cpu       = optional(string, "1")
    limit     = optional(string, "2Gi")
    schedule  = optional(string, "0 5-9 * * *")
  }))

  validation {
    condition     = alltrue([for run in var.runs : length(split(" ", run.schedule)) == 5])
    error_message = "A schedule has five fields: 0 5-9 * * *."
  }
}
