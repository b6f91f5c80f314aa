"""What the tests share. They run on the sources: the package need not be installed."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "src"))
# Errors of jobs that are meant to fail.
logging.getLogger("apache_beam").setLevel(logging.CRITICAL)


class FolderTestCase(unittest.TestCase):
    """A test with a folder of its own, which the variable of the results names."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # Not there yet: who writes makes it.
        self.folder = Path(folder.name) / "results"
        variables = mock.patch.dict(os.environ, {"TMPL_RESULTS": str(self.folder)})
        variables.start()
        self.addCleanup(variables.stop)

    def files(self) -> list[str]:
        """The names of all files, hidden ones and parts too."""
        return sorted(os.listdir(self.folder)) if self.folder.exists() else []

    def lines(self) -> list[str]:
        """The lines of all result files; every file ends with a whole line."""
        lines: list[str] = []
        for file in sorted(self.folder.glob("*.jsonl")):
            text = file.read_text(encoding="utf-8")
            self.assertTrue(text.endswith("\n"), file)
            lines += text[:-1].split("\n")
        return lines


@contextlib.contextmanager
def without_results() -> Iterator[None]:
    """A run outside tmpl, in a process that did not warn yet."""
    import tmpl_sdk.results

    with mock.patch.dict(os.environ), mock.patch.object(tmpl_sdk.results, "_warned", False):
        os.environ.pop("TMPL_RESULTS", None)
        yield
