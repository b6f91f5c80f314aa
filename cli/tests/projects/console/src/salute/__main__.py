"""`python -m salute`: tells in JSON what of a virtual environment is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata, resources

import greetings

import salute
from salute.cli import greet_all, parse_name


def main() -> None:
    name = parse_name(sys.argv[1:])
    script = os.path.join(sys.prefix, "bin", "salute")
    facts = {
        "version": salute.__version__,
        "greetings": greet_all(name),
        "data": resources.files("salute").joinpath("mottos.txt").read_text(encoding="utf-8").splitlines(),
        "namespace_portions": len(list(greetings.__path__)),
        "pth_code_ran": getattr(sys, "greetings_german_started", False),
        "distributions": sorted(f"{distribution.name} {distribution.version}" for distribution in metadata.distributions()),
        "missing_files": [str(path) for path in metadata.files("salute") or [] if not os.path.exists(path.locate())],
        "is_virtual": sys.prefix != sys.base_prefix,
        "on_path": os.path.realpath(shutil.which("salute") or "") == os.path.realpath(script),
        "script": output_of([script, f"--name={name}"]),
        "module": output_of([sys.executable, "-m", "salute.cli", f"--name={name}"]),
    }
    print("json:", json.dumps(facts, sort_keys=True))


def output_of(command: list[str]) -> list[str]:
    """The lines that a program prints, from another folder and with nothing of this process but its environment."""
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.splitlines()


if __name__ == "__main__":
    main()
