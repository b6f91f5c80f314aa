#!/usr/bin/env python3
"""Measures launches on engines beside Beam's own ways, and prints a table of benches/README.md.

    benches/runners.py TMPL FOLDER [--runs N] [--only ENGINE]

Run it with a Python that has Beam's SDK. Both sides run the same module in the same environment: the one that `tmpl run` joined. A launch
counts from the start of its process until the engine's own API lists its job as one to run, as somebody sees who asks the engine every
five milliseconds. The sides take turns; every job has ended before the next begins. Needs what `make engines` installs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import engines
from bench import EXAMPLE, Bench, median, ratio
from engines import FLINK_JAR, FlinkRest, JobApi, process, wait_for

ASKED_EVERY = 0.005
ENDED = {"DONE", "FINISHED"}
FAILED = {"FAILED", "CANCELLED", "CANCELED"}


class RunnerBench(Bench):
    def __init__(self, tmpl: Path, folder: Path, runs: int) -> None:
        super().__init__(tmpl, folder, runs)
        self.configuration = folder / "config.toml"
        self.environment |= {"TMPL_CONFIG": str(self.configuration), "JDK_JAVA_OPTIONS": engines.JAVA_OPTIONS}
        self.number = 0

    def prepare(self) -> None:
        """A bucket with the template, and the command that a launch on `direct` would run: Beam's own ways are made of it."""
        self.fresh(self.folder)
        shutil.copytree(EXAMPLE, self.project)
        self.configuration.write_text("")
        self.build("--locked", "--check", "static")
        (self.folder / "words.txt").write_text("to be or not to be\n" * 100)
        self.run(self.tmpl, "run", "wordcount", *self.values())
        plan = json.loads(self.run(self.tmpl, "run", "wordcount", *self.values(), "--dry-run", "--format", "json").stdout)
        invocation = plan["invocation"]
        self.program = Path(invocation["program"])
        # Those of tmpl's own have hooks do what Beam alone would not.
        self.variables = {name: value["plain"] for name, value in invocation["environment"].items() if not name.startswith("TMPL_")}
        # Beam's worker pool starts a plain `python`.
        self.variables["PATH"] = f"{self.program.parent}:{os.environ['PATH']}"

    def output(self) -> str:
        self.number += 1
        return f"{self.folder}/out/{self.number}"

    def values(self) -> list[str]:
        return ["--param", f"input={self.folder}/words.txt", "--param", f"output={self.output()}"]

    # One launch each, in seconds until the engine has the job.

    def seen(self, engine: JobApi | FlinkRest, command: list[str | Path], **environment: str) -> float:
        """Until an engine lists a job that it did not list before; the job's end is waited for."""
        known = set(engine.jobs())
        log = self.folder / "launch.log"
        with log.open("w") as told:
            begun = time.monotonic()
            launch = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                env={**self.environment, **environment},
                cwd=self.folder,
            )
        new: list[str] = []

        def is_there() -> bool:
            new.extend(set(engine.jobs()) - known)
            return bool(new) or launch.poll() not in (None, 0)

        wait_for("a job on the engine", is_there, pause=ASKED_EVERY)
        took = time.monotonic() - begun
        if not new:
            sys.exit(f"error: {' '.join(map(str, command))}:\n{log.read_text()[-3000:]}")
        states = ENDED | FAILED
        wait_for("the job's end", lambda: engine.jobs()[new[0]] in states)
        state = engine.jobs()[new[0]]
        if launch.wait(60) != 0 or state in FAILED:
            sys.exit(f"error: {' '.join(map(str, command))}: {state}\n{log.read_text()[-3000:]}")
        return took

    def ours(self, engine: JobApi | FlinkRest, runner: str) -> float:
        identity = self.folder / "id"
        identity.unlink(missing_ok=True)
        took = self.seen(
            engine,
            [self.tmpl, "run", "wordcount", "--runner", runner, *self.values(), "--detach", "--id-file", identity],
        )
        self.run(self.tmpl, "wait", identity.read_text().strip())
        return took

    def theirs(self, engine: JobApi | FlinkRest, *options: str | Path) -> float:
        words = ["-m", "wordcount", f"--input={self.folder}/words.txt", f"--output={self.output()}", *options]
        return self.seen(engine, [self.program, *words], **self.variables)

    # Engines, with the ways to launch there.

    def beams_pool(self):
        self.pool_port = engines.free_port()
        words = ["-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={self.pool_port}"]
        ready = lambda: engines.listens(self.pool_port)  # noqa: E731
        return process([self.program, *words], ready, self.folder / "beams-pool.log", **self.variables)

    def our_pool(self):
        port = self.folder / "pool.port"
        port.unlink(missing_ok=True)
        words = ["worker-pool", "--listen", "127.0.0.1:0", "--port-file", port]
        return process([self.tmpl, *words], port.exists, self.folder / "pool.log", **self.environment)

    def configure(self, standing: str) -> None:
        """Two runners: with the worker pool that stands beside the engine, and with one that each launcher starts."""
        port = (self.folder / "pool.port").read_text().strip()
        pool = f'worker_pool = "127.0.0.1:{port}"\n'
        self.configuration.write_text(f"[runners.standing]\n{standing}{pool}\n[runners.own]\n{standing}")

    def rounds(self, ways: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
        """Every way in turn, as often as asked; each goes first once."""
        times: dict[str, list[float]] = {name: [] for name in ways}
        names = list(ways)
        for way in ways.values():
            way()
        for number in range(self.runs):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                times[name].append(ways[name]())
        return times

    def beside(self, what: str, ours: list[float], theirs: list[float]) -> None:
        self.row(what, f"{median(ours):.2f} s", f"{median(theirs):.2f} s", ratio(list(zip(ours, theirs, strict=True))))

    def job_api(self, name: str, table: str, engine: JobApi) -> None:
        """A launch beside `PortableRunner`, with standing workers and with those of the launch."""
        with self.beams_pool(), self.our_pool():
            self.configure(table)
            portable = ["--runner=PortableRunner", f"--job_endpoint={engine.endpoint}"]
            external = ["--environment_type=EXTERNAL", f"--environment_config=localhost:{self.pool_port}"]
            times = self.rounds(
                {
                    "standing": lambda: self.ours(engine, "standing"),
                    "external": lambda: self.theirs(engine, *portable, *external),
                    "own": lambda: self.ours(engine, "own"),
                    "loopback": lambda: self.theirs(engine, *portable, "--environment_type=LOOPBACK"),
                    **({"replay": lambda: self.replay(engine)} if name == "Prism" else {}),
                }
            )
        self.beside(f"launch on {name}, beside `--runner PortableRunner`, each with a standing worker pool", times["standing"], times["external"])
        self.beside("the same, the launcher's own worker pool, beside `LOOPBACK`", times["own"], times["loopback"])
        if name == "Prism":
            ours, theirs = times["replay"], times["external"]
            pairs = list(zip(ours, theirs, strict=True))
            self.row(
                "`tmpl jobs rerun --replay` on Prism, beside a fresh submission from Python",
                f"{1000 * median(ours):.0f} ms", f"{median(theirs):.2f} s", f"{median(a / b for a, b in pairs):.3f}x",
            )

    def replay(self, engine: JobApi) -> float:
        job = (self.folder / "id").read_text().strip()
        identity = self.folder / "replay-id"
        identity.unlink(missing_ok=True)
        words = ["jobs", "rerun", job, "--replay", "--overwrite", "--detach", "--id-file", identity]
        took = self.seen(engine, [self.tmpl, *words])
        self.run(self.tmpl, "wait", identity.read_text().strip())
        return took

    def prism(self) -> None:
        with engines.prism(self.folder) as engine:
            self.job_api("Prism", f'engine = "prism"\nendpoint = "{engine.endpoint}"\n', engine)

    def spark(self) -> None:
        with engines.spark(self.folder) as engine:
            self.job_api("Beam's job server for Spark", f'engine = "spark"\nendpoint = "{engine.endpoint}"\n', engine)

    def flink(self) -> None:
        with engines.flink(self.folder) as cluster, engines.flink_job_server(self.folder, cluster) as server:
            with self.beams_pool(), self.our_pool():
                self.configure(engines.flink_table(cluster))
                external = ["--environment_type=EXTERNAL", f"--environment_config=localhost:{self.pool_port}", "--parallelism=1"]
                portable = ["--runner=PortableRunner", f"--job_endpoint={server.endpoint}"]
                jar = ["--runner=FlinkRunner", f"--flink_master=127.0.0.1:{cluster.port}", f"--flink_job_server_jar={FLINK_JAR}"]
                jar += ["--flink_version=1.19"]

                def first() -> float:
                    cluster.reset()
                    return self.ours(cluster, "standing")

                times = self.rounds(
                    {
                        "first": first,
                        "second": lambda: self.ours(cluster, "standing"),
                        "portable": lambda: self.theirs(cluster, *portable, *external),
                        "server": lambda: self.theirs(cluster, *jar, *external),
                        "uber": lambda: self.theirs(cluster, *jar, "--flink_submit_uber_jar", *external),
                    }
                )
        peers = {
            "portable": "`PortableRunner` and a job server that runs",
            "server": "`FlinkRunner`, which starts a job server",
            "uber": "`FlinkRunner --flink_submit_uber_jar`",
        }
        for peer, called in peers.items():
            for launch, which in (("first", "first"), ("second", "every later")):
                self.beside(f"{which} launch on Flink 1.19, beside {called}", times[launch], times[peer])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tmpl", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=("prism", "spark", "flink"), action="append")
    arguments = parser.parse_args()
    missing = [str(path) for path in (engines.PRISM, FLINK_JAR, engines.SPARK_JAR) if not path.exists()]
    if missing:
        sys.exit(f"error: {', '.join(missing)} is not there\nhint: make engines")
    bench = RunnerBench(arguments.tmpl.resolve(), arguments.folder.absolute(), arguments.runs)
    bench.prepare()
    for engine in arguments.only or ("prism", "spark", "flink"):
        getattr(bench, engine)()
    bench.table()


if __name__ == "__main__":
    main()
