"""Writes the wheel of this package: `python build_wheel.py FOLDER` prints its path.

The same sources make the same bytes on every machine: names are sorted, times and modes fixed, and nothing is compressed,
since compressors differ. So the wheel can be part of a program and of a lock. Needs Python 3.11 and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import tomllib

PROJECT = Path(__file__).resolve().parent
# The earliest time that a zip file can hold.
TIME = (1980, 1, 1, 0, 0, 0)


def wheel_name(project: dict[str, str]) -> str:
    """The name that the version and the kind of the wheel give it."""
    return f"{_stem(project)}-py3-none-any.whl"


def wheel_bytes(project: dict[str, str]) -> bytes:
    """The wheel: the modules, and what installers want to know of them."""
    information = f"{_stem(project)}.dist-info"
    sources = PROJECT / "src"
    files = {
        path.relative_to(sources).as_posix(): _text(path)
        for path in sources.rglob("*")
        if path.suffix == ".py" or path.name == "py.typed"
    }
    files[f"{information}/METADATA"] = _metadata(project)
    files[f"{information}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tmpl-sdk\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in sorted(files.items())]
    # The list of files names itself, without its own digest.
    record.append(f"{information}/RECORD,,")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as wheel:
        # RECORD last, as the format recommends.
        for name, data in [*sorted(files.items()), (f"{information}/RECORD", "\n".join([*record, ""]).encode())]:
            entry = zipfile.ZipInfo(name, TIME)
            # Unix, wherever this runs: else the mode below means nothing.
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, data)
    return archive.getvalue()


def read_project() -> dict[str, str]:
    """The table [project] of pyproject.toml."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if project["dependencies"]:
        raise SystemExit("error: the package has dependencies, and this script writes none into the wheel")
    return project


def _metadata(project: dict[str, str]) -> bytes:
    fields = [
        # A version that every installer of the supported Pythons knows.
        ("Metadata-Version", "2.1"),
        ("Name", project["name"]),
        ("Version", project["version"]),
        ("Summary", project["description"]),
        ("License", project["license"]),
        ("Requires-Python", project["requires-python"]),
        ("Description-Content-Type", "text/markdown"),
    ]
    head = "".join(f"{name}: {value}\n" for name, value in fields)
    return head.encode() + b"\n" + _text(PROJECT / project["readme"])


def _stem(project: dict[str, str]) -> str:
    return f"{project['name'].replace('-', '_')}-{project['version']}"


def _text(path: Path) -> bytes:
    # A checkout on Windows may have other ends of lines.
    return path.read_bytes().replace(b"\r\n", b"\n")


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def main(arguments: list[str]) -> int:
    """Writes the wheel into the folder that is named, and prints its path."""
    if len(arguments) != 1:
        print("usage: python build_wheel.py FOLDER", file=sys.stderr)
        return 2
    project = read_project()
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / wheel_name(project)
    path.write_bytes(wheel_bytes(project))
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
