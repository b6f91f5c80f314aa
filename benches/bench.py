#!/usr/bin/env python3
"""Measures tmpl beside its peers, in paired runs on one machine, and prints the table of benches/README.md.

    benches/bench.py TMPL FOLDER [--runs N]

Every figure is a median; every ratio is the median of the ratios of pairs that ran one after the other. Needs uv, pigz, tar
and sha256sum; the dependencies are fetched once, before anything is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "wordcount"


@dataclass
class Run:
    """One finished command."""

    seconds: float
    megabytes: float
    stdout: str


class Bench:
    def __init__(self, tmpl: Path, folder: Path, runs: int) -> None:
        self.tmpl, self.folder, self.runs = tmpl, folder, runs
        self.cache, self.bucket, self.project = folder / "cache", folder / "bucket", folder / "wordcount"
        self.environment = {**os.environ, "TMPL_CACHE_DIR": str(self.cache), "TMPL_BUCKET": str(self.bucket)}
        self.environment.pop("CI", None)
        self.rows: list[tuple[str, str, str, str]] = []

    def run(self, *command: str | Path, **environment: str) -> Run:
        """Runs a command to its end; peak memory is the largest of its processes' as the system counts it."""
        begun = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env={**self.environment, **environment},
        )
        stdout = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        if status != 0:
            sys.exit(f"error: {' '.join(map(str, command))} ended with status {status}")
        return Run(seconds, usage.ru_maxrss / 1000, stdout)

    def build(self, *arguments: str) -> Run:
        return self.run(self.tmpl, "build", self.project, "--format", "json", *arguments)

    def row(self, what: str, ours: str, peer: str, ratio: str) -> None:
        self.rows.append((what, ours, peer, ratio))
        print(f"{what}: {ours} | {peer} | {ratio}", file=sys.stderr)

    def table(self) -> None:
        widths = [max(len(row[column]) for row in [*self.rows, HEADER]) for column in range(4)]
        for row in [HEADER, tuple("-" * width for width in widths), *self.rows]:
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")

    def fresh(self, *paths: Path) -> None:
        for path in paths:
            shutil.rmtree(path, ignore_errors=True)

    # What is measured.

    def prepare(self) -> None:
        """A project, a bucket with its template, a warm uv cache, input of some megabytes."""
        self.fresh(self.folder)
        shutil.copytree(EXAMPLE, self.project)
        self.build()
        texts = sorted(Path("/usr/share/common-licenses").glob("*")) or sorted(EXAMPLE.parent.parent.glob("*.md"))
        (self.folder / "input").mkdir()
        for text in texts:
            (self.folder / "input" / f"{text.name}.txt").write_bytes(text.read_bytes())

    def overhead(self) -> None:
        """`tmpl run` beside the bare program in the same environment."""
        parameters = f"input={self.folder}/input/*,output={self.folder}/out"
        plan = json.loads(self.run(self.tmpl, "run", "wordcount", "--dry-run", "--format", "json", "--parameters", parameters).stdout)
        invocation = plan["invocation"]
        bare = [invocation["program"], *invocation["arguments"]]
        variables = {name: value["plain"] for name, value in invocation["environment"].items()}

        def ours() -> float:
            return self.run(self.tmpl, "run", "wordcount", "--overwrite", "--parameters", parameters).seconds

        def theirs() -> float:
            return self.run(*bare, **variables).seconds

        pairs = self.pairs(ours, theirs)
        differences = statistics.median(1000 * (a - b) for a, b in pairs)
        self.row(
            "`tmpl run` of wordcount, caches warm, beside `python -m wordcount` in the same environment",
            f"{median(a for a, _ in pairs):.2f} s", f"{median(b for _, b in pairs):.2f} s", f"{differences:+.0f} ms",
        )

    def first_run(self) -> None:
        """From the launcher's start to the program's, everything to be unpacked, beside an install from a warm uv cache."""
        lock = self.folder / "requirements.txt"
        frozen = self.run("uv", "pip", "compile", "--generate-hashes", "--quiet", "--python-version", "3.11", EXAMPLE / "requirements.txt")
        lock.write_text(frozen.stdout)
        parameters = f"input={self.folder}/input/*,output={self.folder}/out"

        def ours() -> float:
            self.fresh(self.cache)
            self.run(self.tmpl, "run", "wordcount", "--overwrite", "--quiet", "--parameters", parameters)
            job = json.loads(self.run(self.tmpl, "jobs", "list", "--format", "json", "--limit", "1").stdout)[0]["job"]["id"]
            events = json.loads(self.run(self.tmpl, "jobs", "show", job, "--format", "json").stdout)["events"]
            return seconds_between(events, "JOB_STATE_PENDING", "JOB_STATE_RUNNING")

        def theirs() -> float:
            self.fresh(self.folder / "venv")
            self.run("uv", "venv", "--quiet", "--python", "3.11", self.folder / "venv")
            install = ["uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--compile-bytecode", "-r", lock]
            return self.run(*install, VIRTUAL_ENV=str(self.folder / "venv")).seconds

        theirs()
        pairs = self.pairs(ours, theirs)
        self.row(
            "first `tmpl run` on a machine: 400 MB unpacked and joined, beside `uv pip install --compile-bytecode` from a warm cache",
            f"{median(a for a, _ in pairs):.2f} s", f"{median(b for _, b in pairs):.2f} s", ratio(pairs),
        )

    def builds(self) -> None:
        self.build()
        unchanged = [self.build().seconds for _ in range(self.runs)]
        self.row("`tmpl build`, nothing changed", f"{1000 * median(unchanged):.0f} ms", "–", "–")
        pipeline = self.project / "src" / "wordcount" / "pipeline.py"
        static, full, written = [], [], []
        for number in range(self.runs):
            for seconds, check in ((static, "static"), (full, "full")):
                pipeline.write_text(pipeline.read_text() + f"# {check} {number} {time.time_ns()}\n")
                built = self.build("--check", check)
                seconds.append(built.seconds)
                written.append(sum(layer["written_bytes"] for layer in json.loads(built.stdout)["layers"]))
        self.row("`tmpl build`, one line of the app changed, static check", f"{1000 * median(static):.0f} ms", "–", "–")
        self.row("the same with the full check", f"{1000 * median(full):.0f} ms", "–", "–")
        self.row("bytes written to the bucket for it", f"{median(written) / 1000:.1f} kB", "–", "–")

    def layers(self) -> None:
        """Making the dependency layers from installed files, beside the same tree through tar, pigz and sha256sum."""
        self.fresh(self.cache, self.bucket)
        self.build()
        tree = next((self.cache / "environments").glob("*/pyvenv.cfg")).parent / "lib"
        pipe = self.folder / "pipe.sh"
        pipe.write_text(f"tar -C {tree} -cf - . | pigz -6 -p2 | sha256sum\n")

        memory: list[float] = []

        def ours() -> float:
            self.fresh(self.cache, self.bucket)
            built = self.build()
            memory.append(built.megabytes)
            return json.loads(built.stdout)["timings"]["layer"] / 1000

        def theirs() -> float:
            # A copy of the tree is not what is measured: the first run has read it into memory.
            return self.run("sh", pipe).seconds

        keep = self.folder / "tree"
        shutil.copytree(tree, keep, symlinks=True)
        pipe.write_text(f"tar -C {keep} -cf - . | pigz -6 -p2 | sha256sum\n")
        theirs()
        pairs = self.pairs(ours, theirs, most=5)
        self.row(
            "the dependencies' layers (400 MB) from files, beside `tar | pigz -6 -p2 | sha256sum` of the same tree",
            f"{median(a for a, _ in pairs):.2f} s", f"{median(b for _, b in pairs):.2f} s", ratio(pairs),
        )
        self.row("peak memory of that build", f"{median(memory):.0f} MB", "–", "–")

    def pairs(self, ours: Callable[[], float], theirs: Callable[[], float], most: int = 1000) -> list[tuple[float, float]]:
        return [(ours(), theirs()) for _ in range(min(self.runs, most))]


def median(values) -> float:
    return statistics.median(values)


def ratio(pairs: list[tuple[float, float]]) -> str:
    return f"{median(a / b for a, b in pairs):.2f}x"


def seconds_between(events: list[dict], first: str, second: str) -> float:
    from datetime import datetime

    at = {event["state"]: datetime.fromisoformat(event["time"][:26].rstrip("Z")) for event in events if "state" in event}
    return (at[second] - at[first]).total_seconds()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tmpl", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    for program in ("uv", "pigz", "tar", "sha256sum"):
        if shutil.which(program) is None:
            sys.exit(f"error: {program} is needed\nhint: `make bench` installs it")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.tmpl.resolve(), arguments.folder.resolve(), arguments.runs)
    bench.prepare()
    bench.overhead()
    bench.builds()
    bench.first_run()
    bench.layers()
    bench.table()


HEADER = ("what", "tmpl", "peer", "ratio")

if __name__ == "__main__":
    main()
