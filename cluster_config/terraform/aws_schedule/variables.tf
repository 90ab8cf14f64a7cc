variable "name" {
  description = "What the schedules' and the role's names begin with."
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
  description = "The profile of adg.yaml that tasks of ECS run in."
  type        = string
  default     = "production"
}

variable "ecs" {
  description = "Where tasks run: the cluster, the task definition without its revision, the container in it, the roles that are passed to it, and the network."
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
  description = "What is run as a task, by name. Hourly, since what is done is done, and a file that came late is read an hour later."
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
  description = "The launcher's topic, its message (emr/additional_step_args/nightly.json), and when it is sent."
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
