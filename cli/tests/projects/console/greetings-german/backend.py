"""A build backend in one file: a wheel whose package lies in a folder that a .pth file adds to sys.path."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

NAME = "greetings_german"
VERSION = "1.1.0"
INFO = f"{NAME}-{VERSION}.dist-info"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None) -> str:
    """Writes the wheel and returns its file name (PEP 517)."""
    files = {
        f"{NAME}_files/{path.relative_to('folder')}": path.read_bytes() for path in sorted(Path("folder").rglob("*.py"))
    }
    # The first line adds a folder; the second is run by every interpreter that starts here.
    files[f"{NAME}.pth"] = f"{NAME}_files\nimport sys; sys.{NAME}_started = True\n".encode()
    files[f"{INFO}/METADATA"] = f"Metadata-Version: 2.1\nName: greetings-german\nVersion: {VERSION}\n".encode()
    files[f"{INFO}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{INFO}/RECORD"] = f"{record}{INFO}/RECORD,,\n".encode()
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory, wheel), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel


def digest(data: bytes) -> str:
    """SHA-256 as RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
