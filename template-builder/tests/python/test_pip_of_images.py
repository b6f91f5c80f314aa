"""Tests of pip_of_images.py: what a worker's entry point asks of pip, and what it is told."""

from __future__ import annotations

import subprocess
import sys
import unittest
from importlib import metadata
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "src" / "python" / "pip_of_images.py"


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)


class PipOfImagesTest(unittest.TestCase):
    def test_what_is_there_is_told(self) -> None:
        name = next(found.metadata["Name"] for found in metadata.distributions())
        version = metadata.version(name)
        self.assertIn(f"{name}=={version}", pip("freeze", "--all").stdout.splitlines())
        self.assertEqual(pip("show", name).stdout, f"Name: {name}\nVersion: {version}\n")

    def test_what_is_not_there_is_told(self) -> None:
        self.assertEqual(pip("show", "no-such-distribution").returncode, 1)

    def test_nothing_is_installed(self) -> None:
        ended = pip("install", "-r", "requirements.txt")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("nothing can be installed in the image of a template", ended.stderr)


if __name__ == "__main__":
    unittest.main()
