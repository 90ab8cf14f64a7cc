variable "name" {
  description = "Prefix of rule and alarm names, and the namespace of the metrics."
  type        = string
  default     = "adg"
}

variable "account_id" {
  description = "The account of rules and alarms."
  type        = string
}

variable "topic_arn" {
  description = "Topic for notifications: the replaced system's monitoring topic, or a new one."
  type        = string
}

variable "write_topic_policy" {
  description = "Manage the topic's policy here; replaces its existing policy."
  type        = bool
  default     = false
}

variable "log_group" {
  description = "Log group of ECS, Batch or Lambda, used to detect successful runs. None: no such alarm."
  type        = string
  default     = null
}

variable "modules" {
  description = "Modules that must have one successful run a day."
  type        = set(string)
  default     = []
}
