# Command of each scheduled run, for aws_schedule and gcp_runner. No provider is needed, so the result can be tested anywhere:
# e2e/python/cases/cluster passes it to the binary.
terraform {
  required_version = ">= 1.5"
}

variable "profile" {
  description = "The profile of adg.yaml."
  type        = string
}

variable "runs" {
  description = "Runs by name: module, load type and memory limit."
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
  description = "Arguments after the program name, by run name."
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
  description = "The program: adg with retries of temporary failures."
  value       = "/opt/adg/bin/adg-retry"
}
