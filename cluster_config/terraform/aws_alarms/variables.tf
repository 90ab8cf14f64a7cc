variable "name" {
  description = "What the rules' and the alarms' names begin with, and the metrics' namespace."
  type        = string
  default     = "adg"
}

variable "account_id" {
  description = "The account of rules and alarms."
  type        = string
}

variable "topic_arn" {
  description = "The topic of whoever is told: the replaced system's monitoring topic, or a new one."
  type        = string
}

variable "write_topic_policy" {
  description = "Whether the topic's policy is written here; it replaces the one that it has."
  type        = bool
  default     = false
}

variable "log_group" {
  description = "The log group of ECS, Batch or Lambda, from which it is seen that a run ended well. None: nobody looks."
  type        = string
  default     = null
}

variable "modules" {
  description = "The modules that must end well once a day."
  type        = set(string)
  default     = []
}
