"""Composer (Airflow 2): runs a module every night as an execution of the Cloud Run job of `job.yaml`, without a cluster.

Airflow is optional: Cloud Scheduler can start the job too (`../terraform/gcp_runner`). With Airflow, downstream tasks can wait for
the tables.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.models.param import Param
from airflow.providers.google.cloud.operators.cloud_run import CloudRunExecuteJobOperator

PROJECT = "project-111111"
REGION = "europe-west2"
DATE = {"type": "string", "pattern": r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
FLAG = {"type": "string", "enum": ["", "true", "false"]}

with DAG(
    dag_id="adg_vacancy_cloud_run",
    schedule="0 5 * * *",
    start_date=datetime(2021, 1, 1),
    # adg itself finds all pending dates; a separate run for each date would find nothing to do.
    catchup=False,
    max_active_runs=1,
    params={
        "start_dt": Param("", **DATE),
        "end_dt": Param("", **DATE),
        "clean_up_flg": Param("", **FLAG),
        "e2e_test_flg": Param("", **FLAG),
    },
) as dag:
    CloudRunExecuteJobOperator(
        task_id="vacancy",
        project_id=PROJECT,
        region=REGION,
        job_name="adg-vacancy",
        overrides={
            "container_overrides": [
                {
                    "env": [
                        {"name": "START_DT", "value": "{{ params.start_dt }}"},
                        {"name": "END_DT", "value": "{{ params.end_dt }}"},
                        {"name": "CLEAN_UP_FLG", "value": "{{ params.clean_up_flg }}"},
                        {"name": "E2E_TEST_FLG", "value": "{{ params.e2e_test_flg }}"},
                    ]
                }
            ]
        },
        # A missing file (13) may arrive within the hour, and temporary failures after the last try of adg-retry (21, 22) may be over.
        retries=4,
        retry_delay=timedelta(hours=1),
        execution_timeout=timedelta(hours=6),
    )
