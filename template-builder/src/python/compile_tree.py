"""Byte-compiles Python files for a layer, so that the same source always gives the same bytes.

Stand-alone, Python 3.9 or later, standard library only. Run as `python -I -S compile_tree.py` with a request on stdin:

    {"groups": [{"id": "wheel", "strict": false,
                 "files": [{"source": "/abs/x.py",
                            "virtual": "/tmpl/lib/python3.11/site-packages/x.py",
                            "output": "/abs/out/__pycache__/x.cpython-311.pyc"}]}],
     "jobs": 2, "strict": false}

`virtual` is the path that tracebacks show. A group without `strict` has that of the request. The answer on stdout:

    {"compiled": 1, "errors": [{"file": "/abs/x.py", "line": 3, "column": 7, "message": "invalid syntax", "text": "x ="}]}

Files that do not compile are listed where the group is strict (line and column 0 where Python names none), and left out in
silence otherwise, as pip does: packages carry templates and Python 2 files that nobody imports. A file that cannot be read
or written ends the run with an exception and exit code 1.

The bytecode is `unchecked-hash` (PEP 552): it carries no time, and is used without a look at the source.

From Python 3.11 on `marshal` gives the same bytes for the same source, whatever else the process did. Before, two things
make them differ from run to run, and both are taken away: a string is marked as shared when anything else in the process
refers to it, so `hold_strings` sees to it that all are; and sets are written in the order of their hashes, so `fix_hashes`
starts the program again with hashes that are not random.
"""

from __future__ import annotations

import json
import marshal
import os
import sys
import warnings
from collections.abc import Iterable
from importlib.util import MAGIC_NUMBER, source_hash
from types import CodeType
from typing import Any, NamedTuple, NoReturn

# Fewer bytes of source than this are compiled sooner than a second process has started.
WORTH_A_PROCESS = 200_000

# Whether marshal's output depends on the process as well as on the source.
MARSHAL_DRIFTS = sys.version_info < (3, 11)

UNCHECKED_HASH = (0b01).to_bytes(4, "little")

Problem = dict[str, Any]


class Task(NamedTuple):
    """One file to compile."""

    source: str
    virtual: str
    output: str
    strict: bool


class Outcome(NamedTuple):
    """What became of some files."""

    compiled: int
    errors: list[Problem]


def read_tasks(request: dict[str, Any]) -> list[Task]:
    """All files of all groups, in the order of the request."""
    return [
        Task(file["source"], file["virtual"], file["output"], group.get("strict", request.get("strict", False)))
        for group in request["groups"]
        for file in group["files"]
    ]


def compile_all(tasks: list[Task], jobs: int) -> Outcome:
    """Compiles the files in up to `jobs` processes. Errors come in the order of the tasks."""
    shares = share_out(tasks, jobs)
    outcomes = [compile_share(shares[0])] if len(shares) == 1 else run_in_processes(shares)
    order = {task.source: index for index, task in enumerate(tasks)}
    errors = [error for outcome in outcomes for error in outcome.errors]
    return Outcome(sum(outcome.compiled for outcome in outcomes), sorted(errors, key=lambda error: order[error["file"]]))


def share_out(tasks: list[Task], jobs: int) -> list[list[Task]]:
    """Shares of about equal size: the largest file first, each to the share that has least."""
    sizes = {task: os.path.getsize(task.source) for task in tasks}
    count = max(1, min(jobs, 1 + sum(sizes.values()) // WORTH_A_PROCESS))
    shares: list[list[Task]] = [[] for _ in range(count)]
    loads = [0] * count
    for task in sorted(tasks, key=lambda task: (-sizes[task], task)):
        smallest = loads.index(min(loads))
        shares[smallest].append(task)
        loads[smallest] += sizes[task]
    return shares


def run_in_processes(shares: list[list[Task]]) -> list[Outcome]:
    """Compiles each share in a fork of this process."""
    children = []
    for share in shares:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            answer_and_exit(share, writer)
        os.close(writer)
        children.append((child, reader))
    # Every child is waited for before any is complained about, so that none is left behind.
    answers = []
    for child, reader in children:
        with open(reader, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        answers.append((status, answer))
    for status, _ in answers:
        if status != 0:
            raise SystemExit(f"a process that compiled files ended with wait status {status}")
    return [Outcome(**json.loads(answer)) for _, answer in answers]


def answer_and_exit(share: list[Task], writer: int) -> NoReturn:
    """The life of a child: compile, write the outcome to the pipe, end without the parent's exit handlers."""
    code = 1
    try:
        outcome = compile_share(share)
        with open(writer, "w", encoding="utf-8") as pipe:
            json.dump(outcome._asdict(), pipe)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def compile_share(tasks: list[Task]) -> Outcome:
    """Compiles files one after the other in this process."""
    compiled = 0
    errors = []
    for task in tasks:
        error = compile_file(task)
        if error is None:
            compiled += 1
        elif task.strict:
            errors.append(error)
    return Outcome(compiled, errors)


def compile_file(task: Task) -> Problem | None:
    """Compiles one file and writes its bytecode, or says why it does not compile."""
    with open(task.source, "rb") as file:
        source = file.read()
    try:
        code = compile(source, task.virtual, "exec", dont_inherit=True)
        body = dump(code)
    except SyntaxError as error:
        return describe_syntax_error(task.source, error)
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        # Bytes that are no text, and code too large or too deep for the compiler.
        return problem(task.source, str(error) or type(error).__name__)
    os.makedirs(os.path.dirname(task.output), exist_ok=True)
    with open(task.output, "wb") as file:
        file.write(MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source) + body)
    return None


def dump(code: CodeType) -> bytes:
    """The code as bytes that depend on nothing else."""
    held = list(hold_strings(code)) if MARSHAL_DRIFTS else []
    body = marshal.dumps(code)
    del held
    return body


def hold_strings(value: object) -> Iterable[object]:
    """Every string of a code object (and every bytes object: those of one byte are shared too), however deep."""
    if isinstance(value, (str, bytes)):
        yield value
    elif isinstance(value, (tuple, frozenset)):
        for item in value:
            yield from hold_strings(item)
    elif isinstance(value, CodeType):
        yield from (value.co_filename, value.co_name)
        for names in (value.co_names, value.co_varnames, value.co_cellvars, value.co_freevars):
            yield from names
        yield from hold_strings(value.co_consts)


def describe_syntax_error(file: str, error: SyntaxError) -> Problem:
    """The error as Python shows it, without the file name, which is that of the layer."""
    return problem(file, error.msg or "invalid syntax", error.lineno or 0, error.offset or 0, (error.text or "").strip())


def problem(file: str, message: str, line: int = 0, column: int = 0, text: str = "") -> Problem:
    """One entry of the answer's errors."""
    return {"file": file, "line": line, "column": max(column, 0), "message": message, "text": text}


def fix_hashes() -> None:
    """Starts this program again with fixed hashes where they are random and matter; `-I` ignores PYTHONHASHSEED."""
    if MARSHAL_DRIFTS and sys.flags.hash_randomization:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment["PYTHONHASHSEED"] = "0"
        os.execve(sys.executable, [sys.executable, "-s", "-S", __file__], environment)


def main() -> None:
    """Answers the request on stdin."""
    fix_hashes()
    warnings.simplefilter("ignore")
    request = json.load(sys.stdin)
    outcome = compile_all(read_tasks(request), request.get("jobs", 1))
    json.dump(outcome._asdict(), sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
