"""Airflow's own page of launches, as its quick start has it: one API server on SQLite, and DAGs with two parameters each."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

DAGS = '''
import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

for n in range({many}):
    name = f"report-{{n:04}}"
    month = Param(type="string", pattern="^[0-9]{{4}}-[0-9]{{2}}$", title="Month", description="Which month.", default="2026-10")
    report = Param("donors", type=["null", "string"], title="Name of the report", description="How it is called.")
    text = f"Sums up what was given in a month, in the books of region {{n}}."
    with DAG(name, description=text, schedule=None, start_date=datetime.datetime(2026, 1, 1), params={{"month": month, "report": report}}) as dag:
        BashOperator(task_id="main", bash_command="echo done")
    globals()[name] = dag
'''
PATIENCE = 120


class Airflow:
    """A server that has begun; `stop` ends it."""

    def __init__(self, program: Path, folder: Path, many: int) -> None:
        self.program, self.folder = program, folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "dags").mkdir(parents=True)
        (folder / "dags" / "reports.py").write_text(DAGS.format(many=many))
        self.environment = {
            **os.environ,
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        }
        self.log = (folder / "log.txt").open("w")
        self.call("db", "migrate")
        self.call("dags", "reserialize")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = [program, "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        self.server = subprocess.Popen(words, stdout=self.log, stderr=self.log, env=self.environment, start_new_session=True)
        self.address = f"http://127.0.0.1:{port}"
        self.token = self.come_in()

    def call(self, *words: str) -> None:
        if subprocess.run([self.program, *words], stdout=self.log, stderr=self.log, env=self.environment).returncode != 0:
            sys.exit(f"error: airflow {' '.join(words)} failed; see {self.log.name}")

    def come_in(self) -> str:
        given_up = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/auth/token") as answer:
                    return json.load(answer)["access_token"]
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > given_up or self.server.poll() is not None:
                    self.stop()
                    sys.exit(f"error: Airflow's server has not begun; see {self.log.name}")
                time.sleep(0.5)

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait()
        self.log.close()
