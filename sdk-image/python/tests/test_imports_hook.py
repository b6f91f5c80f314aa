"""Tests of what the launcher puts beside a program, so that Python does not look for garbage while Beam is imported."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HOOK = Path(__file__).resolve().parent.parent / "hook"
# As the launcher does: a folder of site packages with a `.pth` file.
START = f"import gc, site, sys; site.addsitedir({str(HOOK)!r}); "
STATE = "print(gc.isenabled(), gc.get_freeze_count() > 0)"


def run(code: str, **variables: str) -> str:
    """What Python prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TMPL_")} | variables
    done = subprocess.run([sys.executable, "-c", START + code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


class ImportsTest(unittest.TestCase):
    def test_beam_is_imported_without_the_collector_which_then_goes_on(self) -> None:
        self.assertEqual(run(f"import apache_beam; {STATE}", TMPL_JOB_ID="job"), "True True")

    def test_a_program_without_beam_is_as_it_was(self) -> None:
        self.assertEqual(run(f"import json; {STATE}", TMPL_JOB_ID="job"), "True False")

    def test_a_program_that_is_no_jobs_is_as_it_was(self) -> None:
        self.assertEqual(run(f"import apache_beam; {STATE}"), "True False")

    def test_a_collector_that_the_program_has_switched_off_stays_off(self) -> None:
        self.assertEqual(run(f"gc.disable(); import apache_beam; {STATE}", TMPL_JOB_ID="job"), "False True")

    def test_an_import_that_fails_leaves_the_collector_on(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "apache_beam.py").write_text("raise RuntimeError('broken')\n")
            code = f"sys.path.insert(0, {folder!r})\ntry:\n  import apache_beam\nexcept RuntimeError as error:\n  print(error, gc.isenabled())"
            self.assertEqual(run(code, TMPL_JOB_ID="job"), "broken True")


if __name__ == "__main__":
    unittest.main()
