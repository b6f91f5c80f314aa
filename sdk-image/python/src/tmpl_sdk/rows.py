"""One row: what it may hold, and the line of JSON that it is stored as."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from typing import Any, TypedDict, Union

# A row as JSON, without the line's end. Rows are for people; larger things belong into files of their own.
MAX_ROW_BYTES = 1024 * 1024

# What a reader of JSON may take for a 64-bit integer; others would be rounded there.
_INTEGERS = range(-(2**63), 2**64)


class Row(TypedDict, total=False):
    """What a job reports: `stdout` for what went well, `stderr` for what did not. Further fields are free.

    It is a plain dict, so `{"stdout": "SUCCESS: 3", "table": "users"}` is a row too.
    """

    stdout: str
    stderr: str


# What is taken for a row: a mapping, or a text that is its stdout.
AnyRow = Union[Mapping[str, Any], str]


class RowError(ValueError):
    """A row that cannot be stored; the message names the row and the reason."""


def stdout(text: object) -> Row:
    """A row for what went well."""
    return {"stdout": str(text)}


def stderr(text: object) -> Row:
    """A row for what did not."""
    return {"stderr": str(text)}


def to_row(row: AnyRow) -> dict[str, Any]:
    """The row with its values as JSON has them. Raises RowError for what is no row, and for one that says nothing.

    Values that JSON has no words for become text: dates, decimals, NaN and infinity, whole numbers of more than 64 bits.
    """
    if isinstance(row, str):
        row = stdout(row)
    if not isinstance(row, Mapping):
        raise _error(row, f"a row is a dict or a text, and this is of type {type(row).__name__}")
    try:
        plain = {_text(name): _plain(value) for name, value in row.items()}
    except RecursionError:
        raise _error(row, "its values hold each other, or are nested too deep") from None
    for name in ("stdout", "stderr"):
        if name in plain and plain[name] is None:
            del plain[name]
        elif name in plain and not isinstance(plain[name], str):
            plain[name] = _text(row[name])
    if all(name in ("stdout", "stderr") and value == "" for name, value in plain.items()):
        raise _error(row, "it says nothing: give it stdout, stderr or another field")
    return plain


def to_line(row: AnyRow) -> str:
    """The row as one line of JSON, without the line's end, of at most `MAX_ROW_BYTES` bytes in UTF-8.

    In a row that is larger the longest texts are cut, and say so.
    """
    plain = to_row(row)
    line = _json(plain)
    if _size(line) <= MAX_ROW_BYTES:
        return line
    # The most characters that a text may keep so that the row fits, by bisection: cutting is rare, so its cost is none.
    fits, too_many, cut = -1, MAX_ROW_BYTES, ""
    while too_many - fits > 1:
        limit = (fits + too_many) // 2
        shorter = _json(_shorter(plain, limit))
        if _size(shorter) <= MAX_ROW_BYTES:
            fits, cut = limit, shorter
        else:
            too_many = limit
    if fits < 0:
        raise _error(row, f"it has more than {MAX_ROW_BYTES} bytes as JSON, even with its texts cut: report less in a row")
    return cut


def _plain(value: Any) -> Any:
    """The value in JSON's types; of subclasses (enums, numbers of NumPy) the plain value."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if int(value) in _INTEGERS else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {_text(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return _text(value)


def _text(value: object) -> str:
    """The value as text that UTF-8 has. Halves of characters, as in names of files that are not UTF-8, are spelled out."""
    text = value[:] if isinstance(value, str) else str(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _shorter(value: Any, limit: int) -> Any:
    """The value with every text in it cut to `limit` characters, and with a word about what was left out."""
    if isinstance(value, str):
        left_out = len(value) - limit
        return f"{value[:limit]}… ({left_out} characters were left out)" if left_out > 0 else value
    if isinstance(value, dict):
        return {name: _shorter(item, limit) for name, item in value.items()}
    if isinstance(value, list):
        return [_shorter(item, limit) for item in value]
    return value


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False)


def _size(line: str) -> int:
    return len(line.encode("utf-8"))


def _error(row: object, reason: str) -> RowError:
    return RowError(f"the row {reprlib.repr(row)} cannot be reported: {reason}")
