"""A module beside the script: proves that the script's folder is searched, also by processes that it starts."""

from __future__ import annotations

import sys


class StepError(Exception):
    """What a step of the program raises."""


def square(number: int) -> int:
    """Runs in worker processes, which have to find this module by its name."""
    return number * number


def read_number(text: str) -> int:
    """Fails with a cause: an exception raised from another one."""
    try:
        return int(text)
    except ValueError as error:
        raise StepError(f"cannot read {text!r} as a number") from error


if __name__ == "__main__":
    print("helper run as a module:", *sys.argv[1:], flush=True)
