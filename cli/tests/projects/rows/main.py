"""A program that reports result rows: JSON lines in an object below the place that TMPL_RESULTS names, on any store."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import store


def text(_: int) -> list[object]:
    return [{"stdout": "SUCCESS: 2"}, {"stdout": "grüße, world"}]


def table(_: int) -> list[object]:
    return [
        {"stdout": "SUCCESS: 41", "table": "orders", "rows": 41, "late": False},
        {"stderr": 'no such table: "users"', "table": "users", "owner": None, "tags": ["a", "b"]},
    ]


def damaged(_: int) -> list[object]:
    return [{"stdout": "before"}, "{ half a row", [1, 2], {"stdout": "after"}]


def many(count: int) -> list[object]:
    return [{"stdout": f"row {number}", "number": number} for number in range(count)]


def late(count: int) -> list[object]:
    time.sleep(count)
    return text(0)


def again(_: int) -> list[object]:
    """Fails the first time: a file among the job's artifacts tells that there was one."""
    mark = Path(os.environ["TMPL_ARTIFACTS"]) / "first-attempt"
    if not mark.exists():
        mark.write_text("it failed", encoding="utf-8")
        store.write(os.environ["TMPL_RESULTS"] + "/rows-00000.jsonl", b'{"stderr": "not yet"}\n')
        sys.exit(9)
    return text(0)


def none(_: int) -> list[object]:
    return []


KINDS = {"text": text, "table": table, "damaged": damaged, "many": many, "late": late, "again": again, "none": none}


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--rows", required=True, choices=sorted(KINDS))
    parser.add_argument("--count", type=int, default=0)
    arguments, _ = parser.parse_known_args()
    print("results:", os.environ["TMPL_RESULTS"], flush=True)
    rows = KINDS[arguments.rows](arguments.count)
    # A text stands for itself: a line that is no row.
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    if lines:
        store.write(os.environ["TMPL_RESULTS"] + "/rows-00000.jsonl", "".join(f"{line}\n" for line in lines).encode())
    print("reported:", len(lines), flush=True)


if __name__ == "__main__":
    main()
