#!/usr/bin/env bash
# Stops the clusters that run adg: what the CI job stop-cluster did.
#
# Usage: stop.sh [NAME]
# Whatever the runs are at, what was published stands, and the same message again does the rest. Where the machine is gone before
# adg gave its lease up, the next run is told to wait (22) for two minutes.
set -euo pipefail
name=${1:-adg}

clusters=$(aws emr list-clusters --active --query "Clusters[?Name=='$name'].Id" --output text)
[ -n "$clusters" ] || { echo "no cluster $name is running"; exit 0; }
for cluster in $clusters; do
  steps=$(aws emr list-steps --cluster-id "$cluster" --step-states PENDING RUNNING --query "Steps[].Id" --output text)
  if [ -n "$steps" ]; then
    # shellcheck disable=SC2086 # One argument for each step.
    aws emr cancel-steps --cluster-id "$cluster" --step-cancellation-option SEND_INTERRUPT --step-ids $steps
  fi
  aws emr terminate-clusters --cluster-ids "$cluster"
done
