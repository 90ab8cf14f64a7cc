"""Composer (Airflow 2): creates a cluster of one machine for the nightly run of a module, and deletes it after success or failure.

It replaces the DAG that ran a script from a bucket with unchecked message content: this DAG validates dates and refuses the run
before it starts anything. `../cloud_run/composer_dag.py` does the same without a cluster.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.models.param import Param
from airflow.providers.google.cloud.operators.dataproc import (
    DataprocCreateClusterOperator,
    DataprocDeleteClusterOperator,
    DataprocSubmitJobOperator,
)

PROJECT = "project-111111"
REGION = "europe-west2"
CONFIG = "gs://adg-config-111111111111"
CLUSTER = "adg-{{ ts_nodash | lower }}"
DATE = {"type": "string", "pattern": r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
FLAG = {"type": "string", "enum": ["", "true", "false"]}

MACHINE = {
    "gce_cluster_config": {
        "internal_ip_only": True,
        "subnetwork_uri": "default",
        "service_account": f"adg-runner@{PROJECT}.iam.gserviceaccount.com",
        "service_account_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "tags": ["allow-iap-ssh", "dataproc-vm"],
        "metadata": {
            "adg-bundle": f"{CONFIG}/adg/0.1.0/adg.tar.gz",
            "adg-sha256": "0000000000000000000000000000000000000000000000000000000000000000",
            "adg-ledger": "adg-ledger",
        },
    },
    "master_config": {
        "num_instances": 1,
        "machine_type_uri": "e2-standard-2",
        "disk_config": {"boot_disk_type": "pd-balanced", "boot_disk_size_gb": 50},
    },
    "software_config": {"image_version": "2.2-debian12", "properties": {"dataproc:dataproc.allow.zero.workers": "true"}},
    "initialization_actions": [{"executable_file": f"{CONFIG}/dataproc/bootstrap.sh", "execution_timeout": {"seconds": 300}}],
    "lifecycle_config": {"idle_delete_ttl": {"seconds": 1800}},
}

# Plain words only: Pig splits the line, and a shell parses it. Two hyphens begin a comment; adg-job converts name=value to flags.
COMMAND = (
    "sh /opt/adg/bin/adg-job profile=gcp module=vacancy"
    "{% if params.start_dt %} start-dt={{ params.start_dt }}{% endif %}"
    "{% if params.end_dt %} end-dt={{ params.end_dt }}{% endif %}"
    "{% if params.clean_up_flg %} clean-up-flg={{ params.clean_up_flg }}{% endif %}"
    "{% if params.e2e_test_flg %} e2e-test-flg={{ params.e2e_test_flg }}{% endif %}"
)

with DAG(
    dag_id="adg_vacancy_dataproc",
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
    default_args={"retries": 0, "project_id": PROJECT, "region": REGION},
) as dag:
    create = DataprocCreateClusterOperator(
        task_id="create_cluster",
        cluster_name=CLUSTER,
        cluster_config=MACHINE,
        retries=2,
        retry_delay=timedelta(minutes=5),
    )
    # adg-retry has already retried temporary failures.
    run = DataprocSubmitJobOperator(
        task_id="vacancy",
        job={
            "reference": {"project_id": PROJECT},
            "placement": {"cluster_name": CLUSTER},
            "pig_job": {"query_list": {"queries": [COMMAND]}},
        },
        execution_timeout=timedelta(hours=6),
    )
    delete = DataprocDeleteClusterOperator(
        task_id="delete_cluster",
        cluster_name=CLUSTER,
        retries=5,
        retry_delay=timedelta(minutes=1),
    )
    # As a teardown (Airflow 2.7) it runs after any outcome of adg, and its success does not count as success of the DAG.
    create >> run >> delete.as_teardown(setups=create)
