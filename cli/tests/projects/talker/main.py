"""A program that does what its `mode` says: succeeds, fails, hangs, talks, so that tests see how it is launched and ended.

Everything it tells tests is on stdout, one fact a line; what has a structure is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import multiprocessing
import os
import resource
import signal
import site
import subprocess
import sys
import time
from pathlib import Path

import helper

# Longer than any test: who sleeps this long waits to be ended.
FOREVER = 3600

# The environment variables whose values are told; of the others only the names are, as they may be secrets of the machine.
TOLD = ("PYTHON", "TMPL_", "TOKEN", "HOME", "LANG", "LC_", "PATH", "TMPDIR", "VIRTUAL_ENV")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="talker", allow_abbrev=False)
    parser.add_argument("--mode", required=True, choices=sorted(MODES))
    parser.add_argument("--text", help="any text, told back")
    parser.add_argument("--flag", action="store_true", help="a switch")
    parser.add_argument("--blob", type=Path, help="a file with a long value")
    parser.add_argument("--count", type=int, default=3, help="how many: lines, tasks, seconds")
    parser.add_argument("--out", type=Path, help="a file to write")
    arguments, rest = parser.parse_known_args()
    # Runner and temp location come with every launch; the test of the plan looks at them.
    arguments.rest = rest
    return arguments


def ok(arguments: argparse.Namespace) -> None:
    """Tells what it was given."""
    facts = {
        "text": arguments.text,
        "flag": arguments.flag,
        "token": os.environ.get("TOKEN"),
        "count": arguments.count,
        "blob": blob_facts(arguments.blob),
    }
    print("repr:", ascii(arguments.text))
    print("json:", json.dumps(facts))


def blob_facts(path: Path | None) -> dict[str, object] | None:
    """Length and digest of the file's bytes, since the value may be long, and who may read it."""
    if path is None:
        return None
    data = path.read_bytes()
    mode = f"{path.stat().st_mode & 0o777:o}"
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest(), "mode": mode}


def fail(arguments: argparse.Namespace) -> None:
    """Fails with an exception of its own."""
    raise helper.StepError(arguments.text or "the step failed")


def raise_chained(arguments: argparse.Namespace) -> None:
    """Fails with an exception that has a cause."""
    helper.read_number(arguments.text or "seven")


def exit_with(arguments: argparse.Namespace) -> None:
    """Ends with `count` as its exit code, without a word."""
    sys.exit(arguments.count)


def hang(_: argparse.Namespace) -> None:
    """Does nothing until it is ended."""
    print("pid:", os.getpid(), flush=True)
    time.sleep(FOREVER)


def ignore_sigterm(_: argparse.Namespace) -> None:
    """Takes no notice of SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: print("ignored:", signal.Signals(number).name, flush=True))
    print("pid:", os.getpid(), flush=True)
    deadline = time.monotonic() + FOREVER
    while time.monotonic() < deadline:
        time.sleep(1)


def spawn_children(_: argparse.Namespace) -> None:
    """Starts a child in its own process group and one in a session of its own, and waits for them."""
    sleep = [sys.executable, "-c", f"import time; time.sleep({FOREVER})"]
    children = [subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)]
    print("pid:", os.getpid(), flush=True)
    print("child:", children[0].pid, flush=True)
    print("child in its own session:", children[1].pid, flush=True)
    for child in children:
        child.wait()


def env(arguments: argparse.Namespace) -> None:
    """Tells how it was started."""
    facts = {
        "argv": sys.argv,
        "rest": arguments.rest,
        "environ": {name: value for name, value in os.environ.items() if name.startswith(TOLD)},
        "environ_names": sorted(os.environ),
        "path": sys.path,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "executable": sys.executable,
        "version": list(sys.version_info[:3]),
        "flags": {
            name: getattr(sys.flags, name)
            for name in ("isolated", "no_user_site", "ignore_environment", "dont_write_bytecode", "hash_randomization")
        },
        "site_packages": site.getsitepackages(),
        "enable_user_site": site.ENABLE_USER_SITE,
        "cwd": os.getcwd(),
        "umask": f"{read_umask():03o}",
        "pid": os.getpid(),
        "process_group": os.getpgrp(),
        "session": os.getsid(0),
        "stdin": os.readlink("/proc/self/fd/0"),
        "open_files": sorted(int(name) for name in os.listdir("/proc/self/fd")),
        "blocked_signals": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "encoding": sys.stdout.encoding,
        "main": __file__,
        "cached": helper.__cached__,
    }
    print("json:", json.dumps(facts, sort_keys=True))


def read_umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def multiprocess(arguments: argparse.Namespace) -> None:
    """Has worker processes do something: fresh interpreters that import this program again."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        print("squares:", json.dumps(pool.map(helper.square, range(arguments.count))))


def run_module(arguments: argparse.Namespace) -> None:
    """Starts the same interpreter again with a module of this program."""
    subprocess.run([sys.executable, "-m", "helper", arguments.text or "hello"], check=True)


def chatty(arguments: argparse.Namespace) -> None:
    """Writes lines to stdout and log records of every level to stderr, as Beam programs log."""
    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s:%(name)s:%(message)s")
    logger = logging.getLogger("talker")
    levels = [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL]
    for number in range(arguments.count):
        print("line", number, flush=True)
        logger.log(levels[number % len(levels)], "record %d", number)
    try:
        helper.read_number("seven")
    except helper.StepError:
        logger.exception("an exception that was caught")


def partial_line(_: argparse.Namespace) -> None:
    """Ends in the middle of a line, on both streams."""
    write_bytes(sys.stdout, b"whole line\nhalf a line")
    write_bytes(sys.stderr, b"half an error")


def progress(arguments: argparse.Namespace) -> None:
    """Writes half a line, waits for `count` seconds, and writes the rest, with a carriage return as progress bars do."""
    write_bytes(sys.stdout, b"10%")
    time.sleep(arguments.count)
    write_bytes(sys.stdout, b"\r100%\n")


def binary(_: argparse.Namespace) -> None:
    """Writes what is no UTF-8, a NUL, an escape sequence, and the line end of another system."""
    write_bytes(sys.stdout, b"latin: gr\xf6\xdfe\nbroken: \xe2\x82\nnul: \x00 end\ncolour: \x1b[31mred\x1b[0m\nwindows\r\n")


def big(_: argparse.Namespace) -> None:
    """Writes one line longer than a pipe holds, and one after it."""
    write_bytes(sys.stdout, b"a" * 200_000 + b"\nafter\n")


def write_bytes(stream, data: bytes) -> None:
    stream.buffer.write(data)
    stream.flush()


def memory(_: argparse.Namespace) -> None:
    """Takes memory until there is no more; the limit is its own, so that the machine stays well."""
    resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
    taken = []
    while True:
        # Written to, so that it is memory and not only a promise of it.
        taken.append(b"x" * (16 << 20))


def killed(_: argparse.Namespace) -> None:
    """Ends by SIGKILL, as by the kernel when memory runs out."""
    print("pid:", os.getpid(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(arguments: argparse.Namespace) -> None:
    """Works for `count` seconds, with a line for each."""
    print("pid:", os.getpid(), flush=True)
    for number in range(arguments.count):
        print("second", number, flush=True)
        time.sleep(1)
    print("done")


def write(arguments: argparse.Namespace) -> None:
    """Writes `text` to the file `out`."""
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(arguments.text or "written\n", encoding="utf-8")
    print("wrote:", arguments.out)


def temp(_: argparse.Namespace) -> None:
    """Leaves a file in the temp location it was given, which is emptied when the job ends."""
    folder = Path(os.environ["TMPL_TEMP_LOCATION"])
    (folder / "left-behind").write_text("x" * 1000, encoding="utf-8")
    print("temp_location:", folder)


MODES = {
    "ok": ok,
    "fail": fail,
    "raise-chained": raise_chained,
    "exit": exit_with,
    "hang": hang,
    "ignore-sigterm": ignore_sigterm,
    "spawn-children": spawn_children,
    "env": env,
    "multiprocessing": multiprocess,
    "subprocess-module": run_module,
    "chatty": chatty,
    "partial-line": partial_line,
    "progress": progress,
    "binary": binary,
    "big": big,
    "memory": memory,
    "killed": killed,
    "sleep": sleep,
    "write": write,
    "temp": temp,
}


if __name__ == "__main__":
    options = parse_arguments()
    MODES[options.mode](options)
