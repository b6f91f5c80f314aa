"""Tests of the audit: no lines, good lines, bad lines. Run with pytest or unittest."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from audit_rows.checks import COLUMNS
from audit_rows.job import audit
from tmpl_sdk.testing import JobTestCase

HEADER = ",".join(COLUMNS)
DATA = Path(__file__).resolve().parent.parent / "data"


class AuditTest(JobTestCase):
    job = audit

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, *lines: str, name: str = "a.csv") -> str:
        """The path of a new file with these lines."""
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(path)

    def test_no_lines(self) -> None:
        self.assert_job_output_is([{"stdout": "SUCCESS: 0"}], self.file(HEADER))

    def test_good_lines_of_two_files(self) -> None:
        self.file(HEADER, "S-0001,a@example.org,2024-02-29,single,6.90", name="a.csv")
        self.file(HEADER, 'S-0002,b@example.org,2024-01-31,"school",24.00', name="b.csv")
        self.assert_job_output_is([{"stdout": "SUCCESS: 2"}], f"{self.folder}/*.csv")

    def test_every_mistake_of_a_line_is_told(self) -> None:
        self.assert_job_output_is(
            [
                {"stdout": "SUCCESS: 0"},
                {"stderr": "ERROR: a.csv line 2: id 'X' is not S- and four digits"},
                {"stderr": "ERROR: a.csv line 2: email '' is not one address"},
                {"stderr": "ERROR: a.csv line 2: started_on '2024-2-9' is not a day like 2023-01-31"},
                {"stderr": "ERROR: a.csv line 2: monthly_fee '6.9' is not that of plan single, 6.90"},
                {"stderr": "ERROR: a.csv line 3: it has 2 values, and not 5"},
            ],
            self.file(HEADER, "X,,2024-2-9,single,6.9", "S-0002,b@example.org"),
        )

    def test_a_file_with_other_columns(self) -> None:
        self.assert_job_output_is(
            [
                {"stdout": "SUCCESS: 0"},
                {"stderr": f"ERROR: a.csv line 1: the columns are 'id,email', and not '{HEADER}'"},
            ],
            self.file("id,email", "S-0001,a@example.org"),
        )

    def test_the_file_to_try_it_with(self) -> None:
        self.assert_job_output_is(
            [
                {"stdout": "SUCCESS: 5"},
                {"stderr": 'ERROR: subscriptions.csv line 3: email "o\'neill, library <reading.room@example.org>" is not one address'},
                {"stderr": "ERROR: subscriptions.csv line 4: started_on '2023-02-30' is not a day like 2023-01-31"},
                {"stderr": "ERROR: subscriptions.csv line 5: monthly_fee '9.90' is not that of plan family, 14.90"},
                {"stderr": "ERROR: subscriptions.csv line 7: plan 'singel' is none of single, family, school"},
                {"stderr": "ERROR: subscriptions.csv line 10: id '1009' is not S- and four digits"},
                {"stderr": "ERROR: id 'S-1004' is there 2 times: subscriptions.csv line 5, subscriptions.csv line 8"},
            ],
            f"{DATA}/subscriptions.csv",
        )

    def test_no_file_matches(self) -> None:
        with self.assertRaisesRegex(Exception, "no-such-file"):
            self.job_output(f"{self.folder}/no-such-file-*.csv")


if __name__ == "__main__":
    unittest.main()
