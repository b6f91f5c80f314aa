"""Tests of the test base: what it accepts, and what it says of rows that are not the expected ones."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from typing import Any

import apache_beam as beam
import support
from tmpl_sdk import results, stderr
from tmpl_sdk.beam import Count, WriteResults
from tmpl_sdk.testing import JobTestCase


def count_users(pipeline: beam.Pipeline) -> beam.PCollection[Any]:
    return pipeline | beam.Create(["ada", "grace"]) | Count("USERS")


class FunctionTest(JobTestCase):
    job = count_users

    def test_output(self) -> None:
        self.assert_job_output_is([{"stdout": "USERS SUCCESS: 2"}])
        self.assert_job_output_is(["USERS SUCCESS: 2"])

    def test_the_environment_is_as_before(self) -> None:
        before = dict(os.environ)
        self.assert_job_output_is(["USERS SUCCESS: 2"])
        self.assertEqual(dict(os.environ), before)

    def test_wrong_rows_are_told_line_by_line(self) -> None:
        with self.assertRaises(AssertionError) as raised:
            self.assert_job_output_is([{"stdout": "USERS SUCCESS: 3"}, {"stderr": "ERROR: größe", "line": 1}])
        self.assertEqual(
            str(raised.exception),
            "the job's rows are not the expected ones\n"
            "missing (2):\n"
            '  - {"line": 1, "stderr": "ERROR: größe"}\n'
            '  - {"stdout": "USERS SUCCESS: 3"}\n'
            "unexpected (1):\n"
            '  + {"stdout": "USERS SUCCESS: 2"}\n'
            "as expected: 0",
        )

    def test_rows_where_none_are_expected(self) -> None:
        with self.assertRaisesRegex(AssertionError, r'unexpected \(1\):\n  \+ \{"stdout": "USERS SUCCESS: 2"\}\nas expected: 0$'):
            self.assert_job_output_is_empty()


class MethodTest(JobTestCase):
    def run_job(self, pipeline: beam.Pipeline, *names: str, **_: Any) -> beam.PCollection[Any]:
        return pipeline | beam.Create(list(names)) | beam.Map(lambda name: {"stdout": name, "length": len(name)})

    def test_arguments_and_any_order(self) -> None:
        self.assert_job_output_is([{"length": 5, "stdout": "grace"}, {"stdout": "ada", "length": 3}], "ada", "grace")

    def test_a_row_counts_as_often_as_it_is_there(self) -> None:
        with self.assertRaisesRegex(AssertionError, r'missing \(1\):\n  - \{"length": 3, "stdout": "ada"\}\nas expected: 1$'):
            self.assert_job_output_is([{"length": 3, "stdout": "ada"}] * 2, "ada")

    def test_empty(self) -> None:
        self.assert_job_output_is_empty()


class OwnWritingTest(JobTestCase):
    def run_job(self, pipeline: beam.Pipeline, *_: Any, **__: Any) -> Any:
        results.write_row(stdout="before")
        pipeline | "More" >> beam.Create([stderr("bad")]) | "Write more" >> WriteResults()
        return pipeline | beam.Create(["good"]) | WriteResults()

    def test_rows_that_the_job_writes_itself_count(self) -> None:
        self.assert_job_output_is(["before", "good", {"stderr": "bad"}])


class MistakeTest(JobTestCase):
    def test_no_job(self) -> None:
        with self.assertRaisesRegex(NotImplementedError, "MistakeTest has no job: set `job`, or override `run_job`"):
            self.assert_job_output_is_empty()


class ListTest(JobTestCase):
    job = staticmethod(lambda pipeline: ["row"])

    def test_no_collection(self) -> None:
        with self.assertRaisesRegex(TypeError, "the job returned list, and not a PCollection of rows"):
            self.assert_job_output_is(["row"])


class RaisingTest(JobTestCase):
    def run_job(self, pipeline: beam.Pipeline, *_: Any, **__: Any) -> Any:
        return pipeline | beam.Create([0]) | beam.Map(lambda number: str(1 // number))

    def test_a_job_that_raises_raises(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            self.assert_job_output_is_empty()


class TestRunnerTest(unittest.TestCase):
    def test_options_of_the_test_runner_are_not_beams(self) -> None:
        """`--runner` on the command line of unittest or pytest is none of the pipeline's business."""
        code = (
            "import sys; sys.argv = ['pytest', '--runner=Nonsense', '-k', 'x']\n"
            "import test_testing, unittest\n"
            "suite = unittest.defaultTestLoader.loadTestsFromTestCase(test_testing.FunctionTest)\n"
            "sys.exit(not unittest.TextTestRunner().run(suite).wasSuccessful())\n"
        )
        variables = {**os.environ, "PYTHONPATH": str(support.PROJECT / "tests")}
        done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
