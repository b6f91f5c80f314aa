"""Tests of rows from Beam pipelines, with Beam's runner inside this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import unittest

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_stream import TestStream
from support import FolderTestCase, without_results
from tmpl_sdk import MAX_ROW_BYTES
from tmpl_sdk.beam import Count, WriteResults, stderr
from tmpl_sdk.results import MAX_FILE_BYTES, ResultsError


def new_pipeline(*flags: str) -> beam.Pipeline:
    return beam.Pipeline(FnApiRunner(), PipelineOptions(list(flags)))


class FolderTest(FolderTestCase):
    def test_rows_of_every_kind_sorted(self) -> None:
        with new_pipeline() as pipeline:
            pipeline | beam.Create(["größe 文字", {"stdout": "b", "n": 1}, stderr("a\nb"), "größe 文字"]) | WriteResults()
        self.assertEqual(
            self.lines(),
            [r'{"stderr": "a\nb"}', '{"stdout": "b", "n": 1}', '{"stdout": "größe 文字"}', '{"stdout": "größe 文字"}'],
        )
        # One file, and neither a part nor a folder of temporary files.
        self.assertEqual(len(self.files()), 1)
        self.assertRegex(self.files()[0], r"^rows-[0-9]{3}-001\.jsonl$")

    def test_several_in_one_program_have_files_of_their_own(self) -> None:
        write = WriteResults()
        for number in range(2):
            with new_pipeline() as pipeline:
                rows = pipeline | beam.Create([f"row {number}"])
                rows | "First" >> write
                rows | "Second" >> write
        self.assertEqual(len(self.files()), 4)
        self.assertEqual(self.lines(), [f'{{"stdout": "row {number}"}}' for number in (0, 0, 1, 1)])

    def test_no_rows_make_no_file(self) -> None:
        with new_pipeline() as pipeline:
            pipeline | beam.Create([]) | WriteResults()
        self.assertEqual(self.files(), [])

    def test_long_rows_and_many(self) -> None:
        with new_pipeline() as pipeline:
            pipeline | beam.Create(range(7)) | beam.Map(lambda n: f"{n} " + "ä" * MAX_ROW_BYTES) | WriteResults()
        lines = self.lines()
        self.assertEqual([line[12] for line in lines], list("0123456"))
        for line in lines:
            self.assertRegex(json.loads(line)["stdout"], r"ä… \([0-9]+ characters were left out\)$")
        self.assertGreater(len(self.files()), 1)
        self.assertLessEqual(max(path.stat().st_size for path in self.folder.iterdir()), MAX_FILE_BYTES)

    def test_folder_of_the_program_is_taken_before_the_variable(self) -> None:
        other = self.folder.parent / "other"
        with new_pipeline() as pipeline:
            pipeline | beam.Create(["x"]) | WriteResults(str(other))
        self.assertEqual(len(list(other.iterdir())), 1)
        self.assertEqual(self.files(), [])

    def test_the_variable_is_read_when_the_pipeline_is_made(self) -> None:
        with new_pipeline() as pipeline:
            pipeline | beam.Create(["x"]) | WriteResults()
            # Workers have another environment.
            del os.environ["TMPL_RESULTS"]
        self.assertEqual(self.lines(), ['{"stdout": "x"}'])

    def test_windows_are_one_result(self) -> None:
        with new_pipeline() as pipeline:
            (
                pipeline
                | beam.Create(range(5))
                | beam.Map(lambda n: beam.window.TimestampedValue(f"row {n}", n * 100))
                | beam.WindowInto(beam.window.FixedWindows(60))
                | WriteResults()
            )
        self.assertEqual(len(self.files()), 1)
        self.assertEqual(len(self.lines()), 5)

    def test_stream(self) -> None:
        stream = (
            TestStream(coder=beam.coders.StrUtf8Coder())
            .add_elements(["a", "b"])
            .advance_processing_time(60)
            .advance_watermark_to(1000)
            # Behind the watermark, and written all the same.
            .add_elements([beam.window.TimestampedValue("late", 5)])
            .advance_processing_time(60)
            .advance_watermark_to_infinity()
        )
        # The runner of this process that knows streams.
        with beam.Pipeline("BundleBasedDirectRunner", PipelineOptions(["--streaming"])) as pipeline:
            pipeline | stream | WriteResults()
        self.assertEqual(sorted(self.lines()), ['{"stdout": "a"}', '{"stdout": "b"}', '{"stdout": "late"}'])
        self.assertGreater(len(self.files()), 1)

    def test_a_row_that_is_none_fails_the_job_and_is_named(self) -> None:
        with self.assertRaisesRegex(Exception, r"the row \{'stdout': ''\} cannot be reported: it says nothing"):
            with new_pipeline() as pipeline:
                pipeline | beam.Create(["x", {"stdout": ""}]) | WriteResults()
        self.assertEqual(self.files(), [])

    def test_a_folder_that_cannot_be_written_to_is_named(self) -> None:
        self.folder.write_text("a file")
        with self.assertRaisesRegex(Exception, f"the rows cannot be written into the folder {self.folder}: "):
            with new_pipeline() as pipeline:
                pipeline | beam.Create(["x"]) | WriteResults()

    def test_a_store_whose_extra_is_missing_is_named(self) -> None:
        with self.assertRaisesRegex(ResultsError, "^Beam cannot write to nowhere://bucket/x: "):
            with new_pipeline() as pipeline:
                pipeline | beam.Create(["x"]) | WriteResults("nowhere://bucket/x")

    def test_count(self) -> None:
        with new_pipeline() as pipeline:
            counts = (
                pipeline | "Users" >> beam.Create(["a", "b", "c"]) | "Count users" >> Count("USERS"),
                pipeline | "None" >> beam.Create([]) | "Count none" >> Count(),
            )
            counts | beam.Flatten() | WriteResults()
        self.assertEqual(self.lines(), ['{"stdout": "SUCCESS: 0"}', '{"stdout": "USERS SUCCESS: 3"}'])


class PrintTest(unittest.TestCase):
    def test_outside_tmpl_rows_are_printed_and_one_warning_says_so(self) -> None:
        out, err = io.StringIO(), io.StringIO()
        with without_results(), self.assertLogs("tmpl_sdk", "WARNING") as logs:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), new_pipeline() as pipeline:
                pipeline | "Good" >> beam.Create(["good"]) | "Write good" >> WriteResults()
                pipeline | "Bad" >> beam.Create([stderr("bad")]) | "Write bad" >> WriteResults()
        self.assertEqual((out.getvalue(), err.getvalue()), ("good\n", "bad\n"))
        self.assertEqual(len(logs.records), 1)


if __name__ == "__main__":
    unittest.main()
