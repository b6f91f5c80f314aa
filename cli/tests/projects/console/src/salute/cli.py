"""The console script `salute`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points


def parse_name(argv: Sequence[str] | None) -> str:
    """Who to greet. The options of runners are passed over."""
    parser = argparse.ArgumentParser(prog="salute", allow_abbrev=False)
    parser.add_argument("--name", default="you", help="who is greeted")
    return parser.parse_known_args(argv)[0].name


def greet_all(name: str) -> list[str]:
    """A greeting in each language, found through entry points."""
    languages = sorted(entry_points(group="salute.languages"), key=lambda entry: entry.name)
    return [language.load()(name) for language in languages]


def main() -> int:
    for greeting in greet_all(parse_name(None)):
        print(greeting)
    return 0


if __name__ == "__main__":
    sys.exit(main())
