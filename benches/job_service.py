#!/usr/bin/env python3
"""Measures what a launcher needs for graphs of thousands of steps, and for a job that it only watches.

    benches/job_service.py TMPL FOLDER [--runs N] [--seconds N]

Run it with a Python that has Beam's SDK. The graph is made by the SDK and lies in a file; a program hands it to the launcher's Job service,
and tells how long that took it. The engine is a stub that takes every pipeline and never ends a job; the job that is watched runs on Prism.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import apache_beam as beam
import grpc
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.portability.api import beam_job_api_pb2_grpc, endpoints_pb2
from apache_beam.transforms.environments import ExternalEnvironment

import engines
from bench import EXAMPLE, Bench, median
from engines import wait_for

# Beam's SDK makes 10 MB and 20 MB of them.
STEPS = (5_000, 10_000)
# What the launcher calls the workers of a graph before it knows them.
PLACEHOLDER = "127.0.0.1:1"
PROGRAM = '''
import argparse
import time

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc, beam_runner_api_pb2

parser = argparse.ArgumentParser()
parser.add_argument("--graph")
parser.add_argument("--seconds", type=float, default=0)
arguments, rest = parser.parse_known_args()
if arguments.graph:
    service = next(word.split("=")[1] for word in rest if word.startswith("--job_endpoint="))
    with open(arguments.graph, "rb") as file:
        pipeline = beam_runner_api_pb2.Pipeline.FromString(file.read())
    limits = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    channel = grpc.insecure_channel(service, options=limits)
    grpc.channel_ready_future(channel).result()
    jobs = beam_job_api_pb2_grpc.JobServiceStub(channel)
    request = beam_job_api_pb2.PrepareJobRequest(pipeline=pipeline, job_name="many")
    begun = time.monotonic()
    prepared = jobs.Prepare(request)
    print("prepared in", 1000 * (time.monotonic() - begun), "ms")
    jobs.Run(beam_job_api_pb2.RunJobRequest(preparation_id=prepared.preparation_id))
else:
    seconds = arguments.seconds
    with beam.Pipeline(options=PipelineOptions(rest)) as pipeline:
        pipeline | beam.Create([0]) | beam.Map(lambda _: __import__("time").sleep(seconds))
'''
PARAMETERS = [{"name": name, "label": name, "helpText": name, "isOptional": True} for name in ("graph", "seconds")]


class Stub(beam_job_api_pb2_grpc.JobServiceServicer):
    """Takes every pipeline, and runs none."""

    def __init__(self) -> None:
        limits = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        self.server = grpc.server(futures.ThreadPoolExecutor(16), options=limits)
        beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(self, self.server)
        self.endpoint = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.cancelled = threading.Event()
        self.server.start()

    def DescribePipelineOptions(self, request, context):
        return api.DescribePipelineOptionsResponse()

    def Prepare(self, request, context):
        self.cancelled.clear()
        endpoint = endpoints_pb2.ApiServiceDescriptor(url=self.endpoint)
        return api.PrepareJobResponse(preparation_id="job", artifact_staging_endpoint=endpoint, staging_session_token="job")

    def Run(self, request, context):
        return api.RunJobResponse(job_id="job")

    def state(self) -> int:
        return api.JobState.CANCELLED if self.cancelled.is_set() else api.JobState.RUNNING

    def GetJobs(self, request, context):
        return api.GetJobsResponse()

    def GetState(self, request, context):
        return api.JobStateEvent(state=self.state())

    def GetMessageStream(self, request, context):
        yield api.JobMessagesResponse(state_response=api.JobStateEvent(state=self.state()))
        while context.is_active() and not self.cancelled.wait(0.5):
            pass
        yield api.JobMessagesResponse(state_response=api.JobStateEvent(state=self.state()))

    def GetJobMetrics(self, request, context):
        return api.GetJobMetricsResponse()

    def Cancel(self, request, context):
        self.cancelled.set()
        return api.CancelJobResponse(state=api.JobState.CANCELLED)


def graph(path: Path, steps: int) -> None:
    """A chain of that many steps, each with a function of its own, as the SDK writes it."""
    pipeline = beam.Pipeline()
    numbers = pipeline | "Numbers" >> beam.Create([1])
    for number in range(steps - 1):
        numbers |= f"Add {number} to what came before" >> beam.Map(lambda value, add=number: value + add)
    environment = ExternalEnvironment(PLACEHOLDER)
    path.write_bytes(pipeline.to_runner_api(default_environment=environment).SerializeToString())


class JobServiceBench(Bench):
    def __init__(self, tmpl: Path, folder: Path, runs: int, seconds: float) -> None:
        super().__init__(tmpl, folder, runs)
        self.seconds = seconds
        self.configuration = folder / "config.toml"
        self.environment["TMPL_CONFIG"] = str(self.configuration)

    def prepare(self) -> None:
        """A template with the program."""
        self.fresh(self.folder)
        self.folder.mkdir(parents=True)
        self.project = self.folder / "many"
        self.project.mkdir()
        (self.project / "main.py").write_text(PROGRAM)
        (self.project / "metadata.json").write_text(json.dumps({"name": "Many", "parameters": PARAMETERS}))
        shutil.copy(EXAMPLE / "requirements.txt", self.project)
        template = '[[template]]\nname = "many"\nmain = "main.py"\nmetadata_file = "metadata.json"\n'
        (self.project / "tmpl.toml").write_text(f'[python]\nversion = "3.11"\nrequirements = ["requirements.txt"]\n\n{template}')
        self.configuration.write_text("")
        self.build("--check", "static")

    def launch(self, *parameters: str) -> tuple[str, int]:
        """Launches the template, waits until the engine has the job. Gives its id and the launcher's process."""
        identity = self.folder / "id"
        identity.unlink(missing_ok=True)
        self.run(self.tmpl, "run", "many", "--runner", "standing", *parameters, "--detach", "--id-file", identity)
        job = identity.read_text().strip()
        folder = self.bucket / "staging" / "jobs" / job[:10] / job
        wait_for("the engine", lambda: (folder / "engine" / "1.json").exists() or (folder / "final.json").exists())
        if (folder / "final.json").exists():
            sys.exit(f"error: the job has ended: {(folder / 'final.json').read_text()}")
        return job, json.loads((folder / "attempts" / "1.json").read_text())["pid"]

    def graphs(self, steps: int) -> None:
        """A graph of that many steps."""
        path = self.folder / f"{steps}.pb"
        graph(path, steps)
        size = f"{path.stat().st_size / 1e6:.0f} MB"
        stub = Stub()
        table = f'engine = "portable"\nendpoint = "{stub.endpoint}"\nworker_pool = "127.0.0.1:1"\n'
        self.configuration.write_text(f"[runners.standing]\n{table}")
        took, most, later = [], [], []
        for _ in range(self.runs):
            job, launcher = self.launch("--param", f"graph={path}")
            time.sleep(2)
            most.append(memory(launcher, "VmHWM"))
            later.append(memory(launcher, "VmRSS"))
            log = self.run(self.tmpl, "jobs", "logs", job).stdout
            took.append(next(float(line.split()[-2]) for line in log.splitlines() if "prepared in" in line))
            self.run(self.tmpl, "jobs", "cancel", job)
        self.row(f"Prepare of a graph of {steps:,} steps, {size}", f"{median(took):.0f} ms", "–", "–")
        self.row("the launcher's peak memory for it", f"{median(most):.0f} MB", "–", "–")
        self.row("its memory while it supervises that job", f"{median(later):.0f} MB", "–", "–")

    def supervision(self) -> None:
        """A job that takes its time on Prism."""
        port = self.folder / "pool.port"
        port.unlink(missing_ok=True)
        words = [self.tmpl, "worker-pool", "--listen", "127.0.0.1:0", "--port-file", port]
        with engines.prism(self.folder) as prism, engines.process(words, port.exists, self.folder / "pool.log", **self.environment):
            pool = f'worker_pool = "127.0.0.1:{port.read_text().strip()}"\n'
            self.configuration.write_text(f'[runners.standing]\nengine = "prism"\nendpoint = "{prism.endpoint}"\n{pool}')
            job, launcher = self.launch("--param", f"seconds={self.seconds + 60}")
            # The workers begin, and what is asked for often at first is asked for less.
            time.sleep(20)
            before, begun = processor(launcher), time.monotonic()
            most = memory(launcher, "VmRSS")
            while time.monotonic() - begun < self.seconds:
                time.sleep(1)
                most = max(most, memory(launcher, "VmRSS"))
            share = (processor(launcher) - before) / (time.monotonic() - begun)
            self.run(self.tmpl, "jobs", "cancel", job)
        self.row(f"the launcher's memory while it supervises a job on Prism, for {self.seconds:.0f} s", f"{most:.1f} MB", "–", "–")
        self.row("its share of a processor meanwhile", f"{100 * share:.3f} %", "–", "–")


def memory(process: int, what: str) -> float:
    """Megabytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) / 1000


def processor(process: int) -> float:
    """Seconds that its threads have run. One that has ended is not in it: the launcher's live as long as it does."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tmpl", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    bench = JobServiceBench(arguments.tmpl.resolve(), arguments.folder.absolute(), arguments.runs, arguments.seconds)
    bench.prepare()
    for steps in STEPS:
        bench.graphs(steps)
    bench.supervision()
    bench.table()


if __name__ == "__main__":
    main()
