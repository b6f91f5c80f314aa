"""Tests of the wheel: its bytes depend on the sources alone, and installers take it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import support

SCRIPT = support.PROJECT / "build_wheel.py"
NAME = "tmpl_sdk-0.1.0-py3-none-any.whl"


@unittest.skipIf(sys.version_info < (3, 11), "the script needs Python 3.11")
class WheelTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def build(self, script: Path, name: str, **variables: str) -> Path:
        command = [sys.executable, str(script), str(self.folder / name)]
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, f"{self.folder / name / NAME}\n")
        return self.folder / name / NAME

    def test_same_bytes_in_another_folder_time_zone_and_mode(self) -> None:
        copy = self.folder / "copy"
        # With the ends of lines of another system, and files that are none of the package's.
        for path in [
            SCRIPT,
            support.PROJECT / "pyproject.toml",
            support.PROJECT / "README.md",
            *(support.PROJECT / "src").rglob("*"),
        ]:
            if path.is_file() and "__pycache__" not in path.parts:
                target = copy / path.relative_to(support.PROJECT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
                target.chmod(0o700)
        (copy / "src/tmpl_sdk/notes.txt").write_text("none of it")
        (copy / "src/tmpl_sdk/__pycache__").mkdir()
        (copy / "src/tmpl_sdk/__pycache__/rows.cpython-311.pyc").write_bytes(b"x")
        first = self.build(SCRIPT, "first", TZ="UTC")
        second = self.build(copy / "build_wheel.py", "second", TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1")
        self.assertEqual(first.read_bytes(), second.read_bytes())
        self.assertLess(first.stat().st_size, 30_000)

    def test_what_is_in_it(self) -> None:
        with zipfile.ZipFile(self.build(SCRIPT, "wheel")) as wheel:
            self.assertIsNone(wheel.testzip())
            modules = [name.removeprefix("tmpl_sdk/") for name in wheel.namelist() if name.startswith("tmpl_sdk/")]
            metadata = wheel.read("tmpl_sdk-0.1.0.dist-info/METADATA").decode()
        self.assertEqual(modules, ["__init__.py", "beam.py", "py.typed", "results.py", "rows.py", "testing.py"])
        self.assertTrue(metadata.startswith("Metadata-Version: 2.1\nName: tmpl-sdk\nVersion: 0.1.0\n"))

    @unittest.skipIf(shutil.which("uv") is None and importlib.util.find_spec("pip") is None, "neither uv nor pip is there")
    def test_installers_take_it(self) -> None:
        wheel, target = self.build(SCRIPT, "wheel"), self.folder / "installed"
        installers = {
            "uv": ["uv", "pip", "install", "--quiet", "--offline", "--no-cache", "--python", sys.executable],
            "pip": [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"],
        }
        found = {"uv": shutil.which("uv") is not None, "pip": importlib.util.find_spec("pip") is not None}
        for name, command in installers.items():
            if not found[name]:
                continue
            with self.subTest(installer=name):
                subprocess.run([*command, "--target", str(target / name), str(wheel)], check=True, capture_output=True)
                code = "import tmpl_sdk, importlib.metadata as m; print(tmpl_sdk.stdout('x'), m.version('tmpl-sdk'))"
                variables = {"PYTHONPATH": str(target / name)}
                done = subprocess.run(
                    [sys.executable, "-S", "-c", code], env=variables, capture_output=True, text=True, check=True
                )
                self.assertEqual(done.stdout, "{'stdout': 'x'} 0.1.0\n")


if __name__ == "__main__":
    unittest.main()
