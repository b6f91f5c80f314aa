"""Tests a job by the rows it reports: a base class for unittest and pytest."""

from __future__ import annotations

import json
import os
import tempfile
import unittest
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Optional
from unittest import mock

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from tmpl_sdk.beam import WriteResults
from tmpl_sdk.results import RESULTS_VARIABLE
from tmpl_sdk.rows import AnyRow, to_line


class JobTestCase(unittest.TestCase):
    """A test of a job, run inside this process and without a network.

    Say what the job is with `job`, a function that takes a pipeline and returns its rows, or by overriding `run_job`.
    """

    # Optional in a base class, so that a suite can share one and each test class name its own job.
    job: ClassVar[Optional[Callable[..., Any]]] = None
    # Beam's options for the pipeline, as on the command line.
    pipeline_options: ClassVar[Sequence[str]] = ()
    # Differences are what these tests are for: they are never shortened.
    maxDiff = None

    def run_job(self, pipeline: beam.Pipeline, *arguments: Any, **options: Any) -> Any:
        """Adds the job to the pipeline and returns its rows, a PCollection; None if it writes them with `WriteResults`.

        The arguments are those given to the assertion.
        """
        # Of the class: there a function is a function, and not a method of the test.
        job = type(self).job
        if job is None:
            raise NotImplementedError(f"{type(self).__name__} has no job: set `job`, or override `run_job`")
        return job(pipeline, *arguments, **options)

    def assert_job_output_is(self, rows: Iterable[AnyRow], *arguments: Any, **options: Any) -> None:
        """Runs the job and compares its rows with these, in any order. Further arguments are passed to `run_job`."""
        expected = Counter(map(_canonical, rows))
        found = Counter(map(_canonical, self.job_output(*arguments, **options)))
        if expected != found:
            self.fail(_difference(expected, found))

    def assert_job_output_is_empty(self, *arguments: Any, **options: Any) -> None:
        """Runs the job, which reports no rows. Further arguments are passed to `run_job`."""
        self.assert_job_output_is([], *arguments, **options)

    def job_output(self, *arguments: Any, **options: Any) -> list[dict[str, Any]]:
        """Runs the job and returns its rows, for assertions of your own."""
        with tempfile.TemporaryDirectory() as folder:
            # The variable too: rows that the job writes by itself count as well.
            with mock.patch.dict(os.environ, {RESULTS_VARIABLE: folder}):
                # Flags are given, else Beam reads those of the test runner.
                with beam.Pipeline(FnApiRunner(), PipelineOptions(list(self.pipeline_options))) as pipeline:
                    output = self.run_job(pipeline, *arguments, **options)
                    if isinstance(output, beam.PCollection):
                        output | "Rows of the test" >> WriteResults()
                    elif output is not None and not isinstance(output, beam.pvalue.PDone):
                        raise TypeError(f"the job returned {type(output).__name__}, and not a PCollection of rows")
            return _read(Path(folder))


def _read(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]


def _canonical(row: AnyRow) -> str:
    """The row as it is stored, but for the order of its fields, which says nothing."""
    return json.dumps(json.loads(to_line(row)), ensure_ascii=False, sort_keys=True)


def _difference(expected: Counter[str], found: Counter[str]) -> str:
    """What is missing and what was not expected, a row a line."""
    missing, unexpected, same = expected - found, found - expected, expected & found
    parts = ["the job's rows are not the expected ones"]
    for title, sign, rows in (("missing", "-", missing), ("unexpected", "+", unexpected)):
        if rows:
            parts.append(f"{title} ({sum(rows.values())}):")
            parts += [f"  {sign} {line}" for line in sorted(rows.elements())]
    parts.append(f"as expected: {sum(same.values())}")
    return "\n".join(parts)
