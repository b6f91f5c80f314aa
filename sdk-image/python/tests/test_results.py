"""Tests of rows without Beam: files in the folder, or printed."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import unittest
from unittest import mock

import support
from support import FolderTestCase, without_results
from tmpl_sdk import RowError, results


class FolderTest(FolderTestCase):
    def test_each_report_is_a_file_of_whole_lines_in_order(self) -> None:
        results.report(["one", {"stderr": "two"}])
        results.write_row(stdout="three\nlines", table="größe")
        self.assertEqual(
            self.lines(), ['{"stdout": "one"}', '{"stderr": "two"}', r'{"stdout": "three\nlines", "table": "größe"}']
        )
        files = self.files()
        self.assertEqual(len(files), 2)
        for name in files:
            self.assertRegex(name, r"^rows-[0-9]+-[0-9a-f]{12}-001\.jsonl$")

    def test_no_rows_make_no_file(self) -> None:
        results.report([])
        self.assertEqual(self.files(), [])

    def test_all_or_nothing(self) -> None:
        with self.assertRaises(RowError):
            results.report(["one", {}])
        self.assertEqual(self.files(), [])

    def test_many_rows_are_several_files(self) -> None:
        rows = [{"stdout": f"{number:03d} " + "x" * 999_000} for number in range(10)]
        results.report(iter(rows))
        sizes = [(self.folder / name).stat().st_size for name in self.files()]
        self.assertEqual(len(sizes), 3)
        self.assertLessEqual(max(sizes), results.MAX_FILE_BYTES)
        self.assertEqual([line[12:15] for line in self.lines()], [f"{number:03d}" for number in range(10)])

    def test_a_write_that_fails_leaves_nothing(self) -> None:
        self.folder.mkdir()
        with mock.patch("os.fsync", side_effect=OSError(28, "No space left on device")):
            with self.assertRaisesRegex(results.ResultsError, f"into the folder {self.folder}: .*No space left on device"):
                results.write_row(stdout="x")
        self.assertEqual(self.files(), [])

    def test_a_folder_that_cannot_be(self) -> None:
        self.folder.write_text("a file")
        with self.assertRaisesRegex(results.ResultsError, f"^the rows cannot be written into the folder {self.folder}: "):
            results.write_row(stdout="x")

    def test_url_of_a_folder(self) -> None:
        os.environ["TMPL_RESULTS"] = f"file://{self.folder}%20b"
        results.write_row(stdout="x")
        self.assertEqual(len(os.listdir(f"{self.folder} b")), 1)


class SpellingTest(unittest.TestCase):
    def test_folders(self) -> None:
        for folder, normal in [
            ("/srv/results", "/srv/results"),
            ("file:///srv/results", "/srv/results"),
            ("s3://bucket/a b/", "s3://bucket/a b/"),
            ("gs://bucket/a", "gs://bucket/a"),
            ("azfs://account/container/a", "azfs://account/container/a"),
            ("az://container/a/b?account=me", "azfs://me/container/a/b"),
        ]:
            with self.subTest(folder=folder):
                self.assertEqual(results.normal_folder(folder), normal)

    def test_azure_account_of_the_environment(self) -> None:
        with mock.patch.dict(os.environ, {"AZURE_STORAGE_ACCOUNT_NAME": "me"}):
            self.assertEqual(results.normal_folder("az://container/a"), "azfs://me/container/a")

    def test_no_folders(self) -> None:
        for folder in ("az://container/a", "file://host/a"):
            with self.subTest(folder=folder), self.assertRaises(results.ResultsError):
                results.normal_folder(folder)


class PrintTest(unittest.TestCase):
    def test_outside_tmpl_rows_are_printed_and_one_warning_says_so(self) -> None:
        out, err = io.StringIO(), io.StringIO()
        with without_results(), self.assertLogs("tmpl_sdk", "WARNING") as logs:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                results.report(["one", {"stderr": "two", "line": 7}])
                results.write_row(table="users")
        self.assertEqual(out.getvalue(), 'one\n{"table": "users"}\n')
        self.assertEqual(err.getvalue(), 'two {"line": 7}\n')
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            ["TMPL_RESULTS is not set, so this run was not started by tmpl: its rows are printed"],
        )


class WithoutBeamTest(unittest.TestCase):
    """In a Python without any packages."""

    def run_python(self, code: str, folder: str) -> subprocess.CompletedProcess[str]:
        variables = {"PYTHONPATH": str(support.PROJECT / "src"), "TMPL_RESULTS": folder}
        return subprocess.run([sys.executable, "-S", "-c", code], env=variables, capture_output=True, text=True, check=False)

    def test_a_store_needs_beam(self) -> None:
        done = self.run_python("from tmpl_sdk import results; results.write_row(stdout='x')", "s3://bucket/results")
        self.assertEqual(
            done.stderr.splitlines()[-1],
            "tmpl_sdk.results.ResultsError: rows for s3://bucket/results are written by Apache Beam, which is not installed: "
            "install apache-beam with the extra for it",
        )

    def test_a_package_that_is_used_without_beam_does_not_import_it(self) -> None:
        done = self.run_python("import sys, tmpl_sdk, tmpl_sdk.results; print([m for m in sys.modules if 'apache' in m])", "/x")
        self.assertEqual((done.stdout, done.stderr), ("[]\n", ""))


if __name__ == "__main__":
    unittest.main()
