"""Engines that `make engines` installs, as the benchmarks need them: started on this machine, and asked which jobs they have.

Everything listens on free ports of 127.0.0.1 and ends with the block that started it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from images import TOOLS

FLINK_JAR = TOOLS / "beam-flink-1.19.jar"
SPARK_JAR = TOOLS / "beam-spark-3.jar"
PRISM = TOOLS / "bin" / "prism"
PATIENCE = 120  # seconds
# What Java opens to nobody unless it is told to, and engines reach into.
OPENED = ("java.io", "java.lang", "java.lang.invoke", "java.lang.reflect", "java.net", "java.nio", "java.util")
OPENED += ("java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.security.action")
JAVA_OPTIONS = " ".join(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED)
FLINK_SETTINGS = {
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.bind-host": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.cpu.cores": "2",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.task.heap.size": "256m",
    "taskmanager.memory.task.off-heap.size": "0",
    "taskmanager.memory.managed.size": "256m",
    "taskmanager.memory.network.min": "192m",
    "taskmanager.memory.network.max": "192m",
    "taskmanager.memory.jvm-metaspace.size": "512m",
    "taskmanager.memory.jvm-overhead.min": "128m",
    "taskmanager.memory.jvm-overhead.max": "128m",
    "taskmanager.numberOfTaskSlots": "4",
}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def process(command: list[str | Path], ready: Callable[[], bool], log: Path, **environment: str) -> Iterator[subprocess.Popen]:
    """A server in a process group of its own, from when it is ready to the end of the block."""
    words = [str(word) for word in command]
    with log.open("w") as told:
        running = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=told, stderr=told, env={**os.environ, **environment}, start_new_session=True
        )
    try:
        wait_for(f"{words[0]} (see {log})", lambda: running.poll() is not None or ready())
        if running.poll() is not None:
            sys.exit(f"error: {words[0]} does not start:\n{log.read_text()[-2000:]}")
        yield running
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(running.pid, number)
                running.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def wait_for(what: str, is_so: Callable[[], object], patience: float = PATIENCE, pause: float = 0.02) -> None:
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > patience:
            sys.exit(f"error: waited for {what} for {patience} s")
        time.sleep(pause)


def java(megabytes: int, jars: list[Path], *words: str | Path) -> list[str | Path]:
    path = ":".join(str(jar) for jar in jars)
    return ["java", f"-Xmx{megabytes}m", "-XX:+UseSerialGC", "-cp", path, *words]


class JobApi:
    """An engine that speaks Beam's Job API."""

    RUNS = {beam_job_api_pb2.JobState.STARTING, beam_job_api_pb2.JobState.RUNNING, beam_job_api_pb2.JobState.DONE}

    def __init__(self, port: int) -> None:
        self.endpoint = f"127.0.0.1:{port}"
        self.stub = beam_job_api_pb2_grpc.JobServiceStub(grpc.insecure_channel(self.endpoint))

    def jobs(self) -> dict[str, str]:
        """The states of the jobs that it has been asked to run, by id."""
        listed = self.stub.GetJobs(beam_job_api_pb2.GetJobsRequest()).job_info
        # Prism lists also what was only prepared.
        return {job.job_id: beam_job_api_pb2.JobState.Enum.Name(job.state) for job in listed if job.state != 1}

    def reset(self) -> None:
        """It keeps nothing of one job for the next."""


class FlinkRest:
    """A cluster of Flink, by its REST API."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"

    def ask(self, path: str, method: str = "GET") -> dict:
        request = urllib.request.Request(f"{self.endpoint}/v1{path}", method=method)
        return json.load(urllib.request.urlopen(request, timeout=30))

    def jobs(self) -> dict[str, str]:
        return {job["id"]: job["status"] for job in self.ask("/jobs")["jobs"]}

    def reset(self) -> None:
        """Removes the jars that were uploaded: the next launch is the first."""
        for jar in self.ask("/jars")["files"]:
            self.ask(f"/jars/{jar['id']}", "DELETE")


@contextmanager
def prism(folder: Path) -> Iterator[JobApi]:
    port = free_port()
    command = [PRISM, "--serve_http=false", "--log_level=warn", "--log_kind=text", f"--job_port={port}"]
    with process(command, lambda: listens(port), folder / "prism.log"):
        yield JobApi(port)


@contextmanager
def job_server(folder: Path, name: str, jars: list[Path], driver: str, *words: str) -> Iterator[JobApi]:
    """A job server of Beam's, in Java."""
    port = free_port()
    ports = ["--job-host", "127.0.0.1", "--job-port", str(port), "--artifact-port", "0", "--expansion-port", "0"]
    local = ["-Dspark.driver.host=127.0.0.1", "-Dspark.driver.bindAddress=127.0.0.1", "-Dspark.ui.enabled=false"]
    command = java(512, jars, *local, driver, *ports, "--artifacts-dir", folder / f"{name}-artifacts", *words)
    with process(command, lambda: listens(port), folder / f"{name}.log", JDK_JAVA_OPTIONS=JAVA_OPTIONS):
        yield JobApi(port)


def spark(folder: Path):
    jars = [SPARK_JAR, TOOLS / "spark-3.5" / "jars" / "*"]
    return job_server(
        folder, "spark", jars, "org.apache.beam.runners.spark.SparkJobServerDriver", "--spark-master-url", "local[2]"
    )


def flink_job_server(folder: Path, flink: FlinkRest):
    driver = "org.apache.beam.runners.flink.FlinkJobServerDriver"
    return job_server(folder, "flink-jobs", [FLINK_JAR], driver, "--flink-master", f"127.0.0.1:{flink.port}")


@contextmanager
def flink(folder: Path) -> Iterator[FlinkRest]:
    """Flink 1.19: a JobManager, and a TaskManager with four slots."""
    data = folder / "flink"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    cluster = FlinkRest(free_port())
    settings = {**FLINK_SETTINGS, "rest.port": str(cluster.port), "jobmanager.rpc.port": str(free_port())}
    (data / "config.yaml").write_text("".join(f'{name}: "{value}"\n' for name, value in settings.items()))
    (data / "log4j.properties").write_text(
        "rootLogger.level = WARN\nrootLogger.appenderRef.console.ref = Console\n"
        "appender.console.name = Console\nappender.console.type = CONSOLE\n"
    )
    jars = [TOOLS / "flink-1.19" / "lib" / "*"]
    own = [f"-Djava.io.tmpdir={data}", f"-Dlog4j.configurationFile={data}/log4j.properties"]
    own += ["-XX:MaxDirectMemorySize=600m", "-XX:MaxMetaspaceSize=512m"]

    def program(entry: str) -> list[str | Path]:
        return java(384, jars, *own, f"org.apache.flink.runtime.{entry}", "--configDir", data)

    def has_slots() -> bool:
        try:
            return cluster.ask("/overview")["slots-available"] == 4
        except OSError:
            return False

    manager = program("entrypoint.StandaloneSessionClusterEntrypoint")
    tasks = program("taskexecutor.TaskManagerRunner")
    with process(manager, lambda: listens(cluster.port), folder / "job-manager.log", JDK_JAVA_OPTIONS=JAVA_OPTIONS):
        with process(tasks, has_slots, folder / "task-manager.log", JDK_JAVA_OPTIONS=JAVA_OPTIONS):
            yield cluster


def flink_table(flink: FlinkRest) -> str:
    """The lines of a runner's profile that are Flink's own."""
    digest = hashlib.sha256(FLINK_JAR.read_bytes()).hexdigest()
    jar = f'beam_jar = {{ path = "{FLINK_JAR}", sha256 = "{digest}" }}\n'
    return f'engine = "flink"\nendpoint = "{flink.endpoint}"\n{jar}options = {{ parallelism = 1 }}\n'
