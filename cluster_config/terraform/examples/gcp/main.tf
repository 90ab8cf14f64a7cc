# One module in Cloud Run.
terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0"
    }
  }
}

provider "google" {
  project = "project-111111"
  region  = "europe-west2"
}

module "runner" {
  source           = "../../gcp_runner"
  project          = "project-111111"
  region           = "europe-west2"
  image            = "europe-west2-docker.pkg.dev/project-111111/adg/adg:0.1.0"
  published_bucket = "adg-published-111111111111"
  source_buckets   = ["adg-landing-111111111111"]

  runs = {
    vacancy = { module = "vacancy" }
  }
}
