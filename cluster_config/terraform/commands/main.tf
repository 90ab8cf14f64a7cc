# The command of each scheduled run, for aws_schedule and gcp_runner. Without a provider, so that what comes of it can be tried
# anywhere: e2e/python/cases/cluster gives it to the binary.
terraform {
  required_version = ">= 1.5"
}

variable "profile" {
  description = "The profile of adg.yaml."
  type        = string
}

variable "runs" {
  description = "What is run, by a name of its own: the module, which of its loads, and what a run may hold in memory."
  type = map(object({
    module    = string
    load_type = optional(string, "full")
    memory    = optional(string, "1GiB")
  }))

  validation {
    condition     = alltrue([for run in var.runs : contains(["full", "delta", "incremental"], run.load_type)])
    error_message = "load_type is full, delta or incremental."
  }
}

output "arguments" {
  description = "What comes behind the program's name, by the run's name."
  value = {
    for name, run in var.runs : name => [
      "--config", "/opt/adg/adg.yaml",
      "--profile", var.profile,
      "--module", run.module,
      "--load-type", run.load_type,
      "--memory", run.memory,
    ]
  }
}

output "program" {
  description = "The program: adg, tried again where that helps."
  value       = "/opt/adg/bin/adg-retry"
}
