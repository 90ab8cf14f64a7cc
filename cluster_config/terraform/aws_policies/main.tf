# Policies as JSON, computed from resource names alone. No provider is needed, so the result can be tested anywhere:
# e2e/python/cases/cluster runs adg with exactly these permissions.
terraform {
  required_version = ">= 1.5"
}

locals {
  bucket  = "arn:aws:s3:::${var.published_bucket}"
  catalog = "arn:aws:glue:${var.region}:${var.account_id}"
  glue = flatten([
    for database in var.glue_databases : [
      "${local.catalog}:database/${database}",
      "${local.catalog}:table/${database}/*",
    ]
  ])

  # The calls of adg: see docs/services.md and the hints of `adg doctor`.
  runner = concat(
    length(var.first_hop_arns) == 0 ? [] : [{
      Sid      = "TakeTheFirstRoleOfTheChain"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = var.first_hop_arns
    }],
    [
      {
        Sid      = "ListPublished"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [local.bucket]
      },
      {
        Sid    = "ReadAndWritePublished"
        Effect = "Allow"
        Action = [
          "s3:GetObject",
          "s3:PutObject",
          "s3:PutObjectTagging",
          "s3:AbortMultipartUpload",
          "s3:DeleteObject",
        ]
        Resource = ["${local.bucket}/*"]
      },
      {
        Sid    = "KeepTheLedger"
        Effect = "Allow"
        Action = [
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:UpdateItem",
          "dynamodb:DeleteItem",
          "dynamodb:Query",
          "dynamodb:ConditionCheckItem",
        ]
        Resource = ["arn:aws:dynamodb:${var.region}:${var.account_id}:table/${var.ledger_table}"]
      },
    ],
    length(var.published_key_arns) == 0 ? [] : [{
      Sid      = "EncryptPublished"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = var.published_key_arns
    }],
    length(var.secret_arns) == 0 ? [] : [{
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = var.secret_arns
    }],
    length(var.glue_databases) == 0 ? [] : [
      {
        # All databases: before adg deletes expired files, it searches for tables that point at them.
        Sid      = "SeeWhichTablesThereAre"
        Effect   = "Allow"
        Action   = ["glue:GetDatabases", "glue:GetTables", "glue:GetPartitions"]
        Resource = ["${local.catalog}:catalog", "${local.catalog}:database/*", "${local.catalog}:table/*"]
      },
      {
        Sid    = "KeepTheCatalog"
        Effect = "Allow"
        Action = [
          "glue:GetDatabase",
          "glue:CreateDatabase",
          "glue:GetTable",
          "glue:CreateTable",
          "glue:UpdateTable",
          "glue:GetPartition",
          "glue:BatchCreatePartition",
          "glue:BatchUpdatePartition",
          "glue:DeletePartition",
        ]
        Resource = concat(["${local.catalog}:catalog"], local.glue)
      },
    ],
  )

  source_reader = concat(
    [
      {
        Sid      = "ListTheSource"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [for bucket in var.source_buckets : "arn:aws:s3:::${bucket}"]
      },
      {
        Sid      = "ReadTheSource"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [for bucket in var.source_buckets : "arn:aws:s3:::${bucket}/*"]
      },
    ],
    length(var.source_key_arns) == 0 ? [] : [{
      Sid      = "DecryptTheSource"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = var.source_key_arns
    }],
  )
}
