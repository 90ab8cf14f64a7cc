# The ledger: the replaced job's audit table, unchanged. adg stores its items beside the old ones; existing readers keep working.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

resource "aws_dynamodb_table" "ledger" {
  name         = var.table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "Correlation_Id"
  range_key    = "DataProduct"

  attribute {
    name = "Correlation_Id"
    type = "S"
  }

  attribute {
    name = "DataProduct"
    type = "S"
  }

  # Without the table adg would run every date of the window again. That does not harm the tables, but dates whose files the source has
  # deleted would become lost dates.
  deletion_protection_enabled = true

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }
}
