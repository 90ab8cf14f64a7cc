variable "name" {
  description = "Prefix of schedule and role names."
  type        = string
  default     = "adg"
}

variable "account_id" {
  description = "The account of the schedules."
  type        = string
}

variable "time_zone" {
  description = "The time zone of all schedules."
  type        = string
  default     = "UTC"
}

variable "profile" {
  description = "Profile of adg.yaml for ECS tasks."
  type        = string
  default     = "production"
}

variable "ecs" {
  description = "Location of ECS tasks: the cluster, the task definition without its revision, its container, the roles passed to it, and the network."
  type = object({
    cluster_arn         = string
    task_definition_arn = string
    container           = optional(string, "adg")
    role_arns           = list(string)
    subnets             = list(string)
    security_groups     = list(string)
  })
  default = null
}

variable "ecs_runs" {
  description = "Tasks by name. Hourly: adg skips completed dates, and reads a late file an hour later."
  type = map(object({
    module    = string
    load_type = optional(string, "full")
    memory    = optional(string, "1GiB")
    schedule  = optional(string, "cron(0 5-9 * * ? *)")
  }))
  default = {}

  validation {
    condition     = alltrue([for run in var.ecs_runs : can(regex("^(cron|rate|at)\\(", run.schedule))])
    error_message = "A schedule is written cron(…), rate(…) or at(…)."
  }
}

variable "emr" {
  description = "Topic of the launcher, its message (emr/additional_step_args/nightly.json), and its schedule."
  type = object({
    topic_arn = string
    message   = string
    schedule  = optional(string, "cron(0 5 * * ? *)")
  })
  default = null

  validation {
    condition     = var.emr == null || can(jsondecode(var.emr.message).additional_step_args)
    error_message = "The message is JSON with additional_step_args."
  }
}
