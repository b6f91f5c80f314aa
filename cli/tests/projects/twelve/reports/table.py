"""The table that every report writes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def parse_arguments(what: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """The options that every report has. Those of a runner are passed over: a report runs by itself."""
    parser = argparse.ArgumentParser(description=f"Count the {what} of a day.", allow_abbrev=False)
    parser.add_argument("--day", required=True, help="the day, as 2026-11-21")
    parser.add_argument("--output", type=Path, help="the file to write")
    return parser.parse_known_args(argv)[0]


def write_report(title: str, day: str, facts: dict[str, int], output: Path | None) -> None:
    """Prints the report, and writes it where an output is given."""
    lines = [f"{title} of {day}", *(f"{name}\t{value}" for name, value in sorted(facts.items()))]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
