#!/usr/bin/env bash
# Stops the clusters that run adg, like the CI job stop-cluster.
#
# Usage: stop.sh [NAME]
# Published data stays, whatever the runs were doing; the same message runs the remaining dates. If the machine is gone before adg
# has released its lease, the next run exits with 22 for two minutes.
set -euo pipefail
name=${1:-adg}

clusters=$(aws emr list-clusters --active --query "Clusters[?Name=='$name'].Id" --output text)
[ -n "$clusters" ] || { echo "no cluster $name is running"; exit 0; }
for cluster in $clusters; do
  steps=$(aws emr list-steps --cluster-id "$cluster" --step-states PENDING RUNNING --query "Steps[].Id" --output text)
  if [ -n "$steps" ]; then
    # shellcheck disable=SC2086 # One argument per step.
    aws emr cancel-steps --cluster-id "$cluster" --step-cancellation-option SEND_INTERRUPT --step-ids $steps
  fi
  aws emr terminate-clusters --cluster-ids "$cluster"
done
