#!/usr/bin/env bash
# Starts a cluster for one module, like the CI job start-cluster: prints the message and publishes it.
#
# Usage: [START_DT=…] [END_DT=…] [CLEAN_UP_FLG=…] [E2E_TEST_FLG=…] [LOAD_TYPE=…] [ADG_PROFILE=…] start.sh MODULE TOPIC-ARN
# Unset variables become blanks, which adg treats as unset. The default load type is the nightly one, delta.
set -euo pipefail
module=$1
topic=$2

# Allow only these characters in the JSON.
for value in "$module" "${START_DT:-}" "${END_DT:-}" "${CLEAN_UP_FLG:-}" "${E2E_TEST_FLG:-}" "${LOAD_TYPE:-}" "${ADG_PROFILE:-}"; do
  [[ $value =~ ^[A-Za-z0-9_-]*$ ]] || { echo "\`$value\` is neither a name, a date nor a flag" >&2; exit 2; }
done

message=$(
  cat <<JSON
{
  "overrides": {
    "Steps": [
      {
        "Name": "submit-job-$module",
        "HadoopJarStep": {
          "Jar": "command-runner.jar",
          "Args": ["/opt/adg/bin/adg-retry", "--config", "/opt/adg/adg.yaml"]
        },
        "ActionOnFailure": "CONTINUE"
      }
    ]
  },
  "additional_step_args": {
    "submit-job-$module": [
      "--profile", "${ADG_PROFILE:-emr}",
      "--module_name", "$module",
      "--load_type", "${LOAD_TYPE:-delta}",
      "--start_dt", "${START_DT:-}",
      "--end_dt", "${END_DT:-}",
      "--clean_up_flg", "${CLEAN_UP_FLG:-}",
      "--e2e_test_flg", "${E2E_TEST_FLG:-}"
    ]
  }
}
JSON
)
echo "$message"
aws sns publish --topic-arn "$topic" --message "$message"
