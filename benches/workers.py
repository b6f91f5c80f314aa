#!/usr/bin/env python3
"""Measures a worker's way from an engine's question to its first instruction, beside Beam's own entry point of worker images.

    benches/workers.py TMPL FOLDER BOOT [--runs N]

Run it with a Python that has Beam's SDK and pip: the peer uses it. The runner is a stub that answers what a worker asks: what it is for,
and a requirements.txt of two packages, which are installed already on both sides. In the place of the SDK's worker stands a script that
tells when it began. The layers are unpacked, and each side goes first in turn.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
from apache_beam.portability.api import (
    beam_artifact_api_pb2,
    beam_artifact_api_pb2_grpc,
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
    beam_runner_api_pb2,
    endpoints_pb2,
)

REQUIREMENTS = b"numpy\npyarrow\n"


class Runner(beam_provision_api_pb2_grpc.ProvisionServiceServicer, beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceServicer):
    """Says what a worker is for, and hands over its requirements."""

    def __init__(self) -> None:
        server = grpc.server(futures.ThreadPoolExecutor(8))
        beam_provision_api_pb2_grpc.add_ProvisionServiceServicer_to_server(self, server)
        beam_artifact_api_pb2_grpc.add_ArtifactRetrievalServiceServicer_to_server(self, server)
        self.address = f"localhost:{server.add_insecure_port('localhost:0')}"
        server.start()
        self.server = server

    def GetProvisionInfo(self, request, context):
        endpoint = endpoints_pb2.ApiServiceDescriptor(url=self.address)
        artifact = beam_runner_api_pb2.ArtifactInformation(
            type_urn="beam:artifact:type:file:v1",
            type_payload=beam_runner_api_pb2.ArtifactFilePayload(
                path="requirements.txt", sha256=hashlib.sha256(REQUIREMENTS).hexdigest()
            ).SerializeToString(),
            role_urn="beam:artifact:role:staging_to:v1",
            role_payload=beam_runner_api_pb2.ArtifactStagingToRolePayload(
                staged_name="requirements.txt"
            ).SerializeToString(),
        )
        info = beam_provision_api_pb2.ProvisionInfo(
            logging_endpoint=endpoint, artifact_endpoint=endpoint, control_endpoint=endpoint, dependencies=[artifact]
        )
        return beam_provision_api_pb2.GetProvisionInfoResponse(info=info)

    def ResolveArtifacts(self, request, context):
        return beam_artifact_api_pb2.ResolveArtifactsResponse(replacements=request.artifacts)

    def GetArtifact(self, request, context):
        yield beam_artifact_api_pb2.GetArtifactResponse(data=REQUIREMENTS)


def teller(path: Path, told: Path, other: str = "") -> None:
    """A script in the place of an interpreter: tells when the SDK's worker began, and is another interpreter for everything else."""
    path.unlink(missing_ok=True)
    path.write_text(
        f'#!/bin/sh\ncase "$*" in\n*sdk_worker_main*) date +%s%N > {told}.new; mv {told}.new {told}; exec sleep 5 ;;\n'
        f'*) exec {other or "false"} "$@" ;;\nesac\n'
    )
    path.chmod(0o755)


def began(told: Path, since: int) -> float:
    """Milliseconds until the worker told that it began."""
    while not told.exists():
        time.sleep(0.001)
    moment = int(told.read_text())
    told.unlink()
    return (moment - since) / 1e6


class Pool:
    """`tmpl worker-pool`, for a job of the wordcount example."""

    def __init__(self, tmpl: str, folder: Path, runner: Runner) -> None:
        self.runner, self.told = runner, folder / "ours"
        variables = {**os.environ, "TMPL_BUCKET": str(folder / "bucket"), "TMPL_CACHE_DIR": str(folder / "cache")}
        example = Path(__file__).parent.parent / "examples" / "wordcount"

        def run(*arguments: str) -> str:
            return subprocess.run([tmpl, *arguments], env=variables, check=True, stdout=subprocess.PIPE, text=True).stdout

        run("--quiet", "build", str(example), "--locked", "--check", "static")
        (folder / "words.txt").write_text("to be or not to be\n")
        values = ["--param", f"input={folder}/words.txt", "--param", f"output={folder}/out/words", "--overwrite"]
        run("--quiet", "run", "wordcount", *values, "--id-file", str(folder / "id"))
        plan = json.loads(run("run", "wordcount", *values, "--dry-run", "--format", "json"))
        teller(Path(plan["invocation"]["program"]), self.told)
        port = folder / "port"
        port.unlink(missing_ok=True)
        words = ["--quiet", "worker-pool", "--listen", "127.0.0.1:0", "--port-file", str(port)]
        words += ["--job", (folder / "id").read_text().strip()]
        self.process = subprocess.Popen([tmpl, *words], env=variables)
        while not port.exists():
            time.sleep(0.01)
        channel = grpc.insecure_channel(f"127.0.0.1:{port.read_text()}")
        self.stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)

    def start(self, name: str) -> float:
        endpoint = endpoints_pb2.ApiServiceDescriptor(url=self.runner.address)
        request = beam_fn_api_pb2.StartWorkerRequest(
            worker_id=name,
            control_endpoint=endpoint,
            logging_endpoint=endpoint,
            artifact_endpoint=endpoint,
            provision_endpoint=endpoint,
        )
        asked = time.time_ns()
        error = self.stub.StartWorker(request).error
        if error:
            sys.exit(f"error: {error}")
        took = began(self.told, asked)
        self.stub.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id=name))
        return took


class Boot:
    """Beam's own entry point, with an interpreter in which everything is installed."""

    def __init__(self, boot: str, folder: Path, runner: Runner) -> None:
        self.boot, self.folder, self.runner, self.told = boot, folder / "boot", runner, folder / "theirs"
        programs = self.folder / "bin"
        programs.mkdir(parents=True, exist_ok=True)
        for name in ["python", "python3"]:
            teller(programs / name, self.told, sys.executable)
        # Without the first it makes a virtual environment for every worker, which takes seconds more.
        self.variables = {
            **os.environ,
            "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT": "1",
            "PATH": f"{programs}:{os.environ['PATH']}",
        }

    def start(self, name: str) -> float:
        words = [f"--id={name}", f"--provision_endpoint={self.runner.address}", f"--semi_persist_dir={self.folder}"]
        asked = time.time_ns()
        process = subprocess.Popen(
            [self.boot, *words],
            env=self.variables,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("w"),
        )
        ended = threading.Thread(target=process.wait, daemon=True)
        ended.start()
        took = began(self.told, asked)
        process.terminate()
        ended.join()
        return took


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("tmpl", type=os.path.abspath)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("boot", type=os.path.abspath)
    arguments.add_argument("--runs", type=int, default=9)
    asked = arguments.parse_args()
    folder = asked.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    runner = Runner()
    pool, boot = Pool(asked.tmpl, folder, runner), Boot(asked.boot, folder, runner)
    try:
        pool.start("first")
        pairs = []
        for number in range(asked.runs):
            name = f"worker-{number}"
            if number % 2:
                pairs.append((pool.start(name), boot.start(name)))
            else:
                theirs = boot.start(name)
                pairs.append((pool.start(name), theirs))
    finally:
        pool.process.terminate()
        pool.process.wait()
    ours, theirs = (statistics.median(times) for times in zip(*pairs))
    print(f"worker, from the question to its first instruction: {ours:.1f} ms | Beam's boot {theirs:.0f} ms ({ours / theirs:.3f}x)")


if __name__ == "__main__":
    main()
