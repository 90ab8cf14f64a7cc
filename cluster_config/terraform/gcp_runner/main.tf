# Google Cloud without a cluster: a service account, the bucket of the tables, and a Cloud Run job with its schedule for each run.
terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0"
    }
  }
}

module "commands" {
  source  = "../commands"
  profile = var.profile
  runs    = { for name, run in var.runs : name => { module = run.module, load_type = run.load_type, memory = run.memory } }
}

resource "google_service_account" "runner" {
  project      = var.project
  account_id   = "${var.name}-runner"
  display_name = "Runs adg"
}

resource "google_storage_bucket" "published" {
  project                     = var.project
  name                        = var.published_bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Unfinished uploads of killed runs.
  lifecycle_rule {
    condition {
      age = 2
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}

# Permissions that `adg doctor` checks.
resource "google_storage_bucket_iam_member" "published" {
  bucket = google_storage_bucket.published.name
  role   = "roles/storage.objectUser"
  member = google_service_account.runner.member
}

resource "google_storage_bucket_iam_member" "source" {
  for_each = var.source_buckets
  bucket   = each.value
  role     = "roles/storage.objectViewer"
  member   = google_service_account.runner.member
}

resource "google_secret_manager_secret_iam_member" "ledger" {
  project   = var.project
  secret_id = var.ledger_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runner.member
}

resource "google_cloud_run_v2_job" "run" {
  for_each = var.runs

  project             = var.project
  location            = var.region
  name                = "${var.name}-${each.key}"
  deletion_protection = false

  template {
    task_count = 1

    template {
      service_account = google_service_account.runner.email
      # Retries failures of the machine. adg-retry retries temporary failures of adg.
      max_retries = 1
      timeout     = "21600s"

      containers {
        image   = var.image
        command = [module.commands.program]
        args    = module.commands.arguments[each.key]

        env {
          name = "ADG_LEDGER"

          value_source {
            secret_key_ref {
              secret  = var.ledger_secret
              version = "latest"
            }
          }
        }

        resources {
          limits = { cpu = each.value.cpu, memory = each.value.limit }
        }
      }

      # Access to metastore and ledger, which have private addresses.
      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          network    = var.network
          subnetwork = var.subnetwork
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.ledger]
}

resource "google_service_account" "scheduler" {
  project      = var.project
  account_id   = "${var.name}-scheduler"
  display_name = "Starts adg"
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  for_each = google_cloud_run_v2_job.run

  project  = var.project
  location = var.region
  name     = each.value.name
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}

resource "google_cloud_scheduler_job" "run" {
  for_each = var.runs

  project     = var.project
  region      = var.region
  name        = "${var.name}-${each.key}"
  description = "adg: ${each.value.module}, ${each.value.load_type}"
  schedule    = each.value.schedule
  time_zone   = var.time_zone

  # Retries a failed call; the outcome of the run is not visible here.
  retry_config {
    retry_count          = 3
    min_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.run[each.key].id}:run"

    oauth_token {
      service_account_email = google_service_account.scheduler.email
    }
  }
}
