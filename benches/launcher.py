#!/usr/bin/env python3
"""Measures the launcher of images: from its start to the program's, and its memory while the program runs.

    benches/launcher.py LAUNCHER [--runs N]

The image is a folder with a template of 30 parameters; the program is `date`, which tells when it began. The peer is the same
program started bare, one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PARAMETERS = [
    {"name": f"p{number}", "label": "A path", "helpText": "A path.", "isOptional": True, "regexes": ["^/[a-z]+.*$"]}
    for number in range(30)
]


def image(folder: Path, script: str) -> dict[str, str]:
    """A template whose program is a shell script; the variables that a container of it would have."""
    program = folder / "app" / "run.sh"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    here = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}[platform.machine()]
    extension = {"format": 2, "entry": {"kind": "binary", "binary": "run.sh"}, "platforms": {here: {"layers": []}}}
    spec = {"metadata": {"name": "Bench", "parameters": PARAMETERS}, "tmpl": extension}
    (folder / "template.json").write_text(json.dumps(spec))
    return {"PATH": os.environ["PATH"], "TMPL_TEMPLATE": str(folder / "template.json")}


def begun_after(command: list[str], environment: dict[str, str]) -> float:
    """Milliseconds until the program says that it has begun."""
    started = time.time_ns()
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return (int(told) - started) / 1e6


def memory(launcher: str, environment: dict[str, str]) -> float:
    """The most memory, in MB, that the launcher took until its program ran."""
    process = subprocess.Popen([launcher, "--param", "p1=/a"], env=environment, stdout=subprocess.PIPE)
    process.stdout.readline()
    status = Path(f"/proc/{process.pid}/status").read_text()
    process.terminate()
    process.wait()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("launcher")
    arguments.add_argument("--runs", type=int, default=100)
    asked = arguments.parse_args()
    if not Path(asked.launcher).is_file():
        sys.exit(f"error: there is no {asked.launcher}\nhint: `make launcher` builds it")
    with tempfile.TemporaryDirectory() as folder:
        dates = image(Path(folder) / "date", "exec date +%s%N")
        bare = str(Path(folder) / "date" / "app" / "run.sh")
        pairs = [
            (begun_after([asked.launcher, "--param", "p1=/a"], dates), begun_after([bare], dates)) for _ in range(asked.runs)
        ]
        ours, theirs = (statistics.median(times) for times in zip(*pairs))
        best = min(ours for ours, _ in pairs)
        print(f"launcher's start to the program's: {ours:.1f} ms (best {best:.1f} ms) | bare {theirs:.1f} ms")
        waits = image(Path(folder) / "wait", "echo ready; exec sleep 60")
        print(f"memory while supervising: {memory(asked.launcher, waits):.1f} MB")


if __name__ == "__main__":
    main()
