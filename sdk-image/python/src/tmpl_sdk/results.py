"""Reports rows from any program, and says where they go.

tmpl's launcher names a folder in the variable `TMPL_RESULTS`. Rows are lines of JSON in files `*.jsonl` there, and a file
under such a name is always whole. A run outside tmpl has no such folder: its rows are printed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import time
import urllib.parse
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Optional

from tmpl_sdk.rows import AnyRow, to_line

RESULTS_VARIABLE = "TMPL_RESULTS"

# More rows than this go into a further file. Beam uploads a file up to 5 MiB in one piece: it is there whole or not at all,
# without a copy from another name, which not every store offers.
MAX_FILE_BYTES = 4 * 1024 * 1024

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")

_logger = logging.getLogger("tmpl_sdk")
_warned = False


class ResultsError(Exception):
    """The rows cannot be written; the message names the folder and what helps."""


def write_row(**fields: Any) -> None:
    """Reports one row: `write_row(stdout="SUCCESS: 3")`. Each call writes a file: for many rows there is `report`."""
    report([fields])


def report(rows: Iterable[AnyRow]) -> None:
    """Reports the rows, all of them or none: they are read to the end before the first is written.

    Raises RowError for a row that cannot be stored, ResultsError where the folder cannot be written to.
    """
    lines = [to_line(row) for row in rows]
    folder = results_folder()
    if folder is None:
        warn_of_printing()
        for line in lines:
            print_line(line)
        return
    # Names that sort by time and are unique: several processes of one job may report.
    stem = f"rows-{time.time_ns()}-{uuid.uuid4().hex[:12]}"
    write_files(folder, stem, lines)


def results_folder() -> Optional[str]:
    """The folder that the launcher named, in the spelling of Beam's file systems; None in a run outside tmpl."""
    named = os.environ.get(RESULTS_VARIABLE, "").strip()
    return normal_folder(named) if named else None


def normal_folder(folder: str) -> str:
    """The folder as Beam spells it: `/x` for `file:///x`, and for `az://` Beam's scheme, which has the account in front."""
    scheme = _scheme(folder)
    if scheme == "file":
        parts = urllib.parse.urlsplit(folder)
        if parts.netloc not in ("", "localhost"):
            raise ResultsError(f"the folder {folder} is on another machine: file:///PATH has no host")
        return urllib.parse.unquote(parts.path)
    if scheme == "az":
        parts = urllib.parse.urlsplit(folder)
        account = dict(urllib.parse.parse_qsl(parts.query)).get("account") or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
        if not account:
            raise ResultsError(
                f"the folder {folder} names no storage account: say az://CONTAINER/PATH?account=NAME, "
                "or set AZURE_STORAGE_ACCOUNT_NAME"
            )
        return f"azfs://{account}/{parts.netloc}{parts.path}"
    return folder


def write_files(folder: str, stem: str, lines: Iterable[str]) -> None:
    """Writes the lines into `stem`-001.jsonl and, where they are many, further files. No lines make no file."""
    for number, data in enumerate(_chunks(lines), 1):
        name = f"{stem}-{number:03d}.jsonl"
        if _scheme(folder) is None:
            _write_local(folder, name, data)
        else:
            _write_remote(folder, name, data)


def check_folder(folder: str) -> None:
    """Raises ResultsError where this program cannot write to the folder's kind of store: told before a pipeline starts."""
    if _scheme(folder) is None:
        return
    try:
        from apache_beam.io.filesystems import FileSystems
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        raise ResultsError(
            f"rows for {folder} are written by Apache Beam, which is not installed: install apache-beam with the extra for it"
        ) from error
    # Every pipeline sets them. Where there was none the stores' clients refuse to work; with options that say nothing they
    # look into the environment.
    if getattr(FileSystems, "_pipeline_options", None) is None:
        FileSystems.set_options(PipelineOptions([]))
    try:
        FileSystems.get_filesystem(folder)
    except ValueError as error:
        raise ResultsError(f"Beam cannot write to {folder}: {error}") from error


def print_line(line: str) -> None:
    """Prints a row of a run outside tmpl: stdout and stderr where they belong, further fields as JSON behind them."""
    row = json.loads(line)
    for name, stream in (("stderr", sys.stderr), ("stdout", sys.stdout)):
        text = row.pop(name, "")
        if text:
            extra = f" {json.dumps(row, ensure_ascii=False)}" if row else ""
            row = {}
            print(f"{text}{extra}", file=stream)
    if row:
        print(json.dumps(row, ensure_ascii=False))


def warn_of_printing() -> None:
    """Says once in a process why its rows are printed."""
    global _warned
    if not _warned:
        _warned = True
        _logger.warning("%s is not set, so this run was not started by tmpl: its rows are printed", RESULTS_VARIABLE)


def _chunks(lines: Iterable[str]) -> Iterator[bytes]:
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        data = line.encode("utf-8") + b"\n"
        if chunk and size + len(data) > MAX_FILE_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
        chunk.append(data)
        size += len(data)
    if chunk:
        yield b"".join(chunk)


def _write_local(folder: str, name: str, data: bytes) -> None:
    path = os.path.join(folder, name)
    # A name of its own for each writer: some engines run the same step twice at a time.
    part = f"{path}.{uuid.uuid4().hex[:12]}.part"
    try:
        os.makedirs(folder, exist_ok=True)
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise ResultsError(f"the rows cannot be written into the folder {folder}: {error}") from error


def _write_remote(folder: str, name: str, data: bytes) -> None:
    check_folder(folder)
    from apache_beam.io.filesystems import FileSystems

    path = f"{folder.rstrip('/')}/{name}"
    try:
        with FileSystems.create(path, mime_type="application/x-ndjson") as file:
            file.write(data)
    except Exception as error:
        raise ResultsError(f"the rows cannot be written to {path}: {error}") from error


def _scheme(folder: str) -> Optional[str]:
    found = _SCHEME.match(folder)
    return found[1].lower() if found else None
