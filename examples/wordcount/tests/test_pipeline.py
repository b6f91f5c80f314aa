"""Tests of the pipeline: its steps on lines, and the whole program on files. Run with pytest or unittest."""

from __future__ import annotations

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from wordcount.pipeline import main
from wordcount.stopwords import load_stopwords
from wordcount.transforms import CountWords, MostFrequent

# The runner inside this process: the default one tries to download its engine first.
RUNNER = "FnApiRunner"


class StepsTest(unittest.TestCase):
    def test_count_words(self) -> None:
        lines = ["The copy of the work,", "a WORK in Progress; Copy that work"]
        for min_length, case, counts in [
            (1, "lower", [("copy", 2), ("work", 3), ("progress", 1)]),
            (5, "lower", [("progress", 1)]),
            (1, "upper", [("COPY", 2), ("WORK", 3), ("PROGRESS", 1)]),
            (1, "keep", [("copy", 1), ("Copy", 1), ("work", 2), ("WORK", 1), ("Progress", 1)]),
        ]:
            with self.subTest(min_length=min_length, case=case), TestPipeline(runner=RUNNER) as pipeline:
                counted = pipeline | beam.Create(lines) | CountWords(min_length, case)
                assert_that(counted, equal_to(counts))

    def test_most_frequent_orders_equal_counts_by_alphabet(self) -> None:
        with TestPipeline(runner=RUNNER) as pipeline:
            top = pipeline | beam.Create([("d", 1), ("c", 2), ("b", 2), ("a", 1)]) | MostFrequent(3)
            assert_that(top, equal_to([[("b", 2), ("c", 2), ("a", 1)]]))

    def test_stopwords_are_lower_case_words(self) -> None:
        stopwords = load_stopwords()
        self.assertIn("the", stopwords)
        self.assertTrue(all(word.isalpha() and word == word.lower() for word in stopwords))


class ProgramTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_main(self, pattern: str) -> tuple[int, str]:
        """The exit code and what was printed, with results under the test's folder."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = main(
                [
                    f"--input={self.folder}/{pattern}",
                    f"--output={self.folder}/out/counts",
                    f"--runner={RUNNER}",
                    f"--temp_location={self.folder}/tmp",
                    "--job_name=test",
                ]
            )
        return code, printed.getvalue()

    def test_files_to_files(self) -> None:
        (self.folder / "a.txt").write_text("pipeline and bucket\nbucket\n", encoding="utf-8")
        (self.folder / "b.txt").write_text("Bucket, größe\n", encoding="utf-8")
        code, printed = self.run_main("*.txt")
        self.assertEqual(code, 0)
        self.assertEqual(printed, "The most frequent words:\n       3  bucket\n       1  größe\n       1  pipeline\n")
        shards = sorted((self.folder / "out").glob("counts-*.tsv"))
        lines = [line for shard in shards for line in shard.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(sorted(lines), ["bucket\t3", "größe\t1", "pipeline\t1"])

    def test_no_file_matches(self) -> None:
        with self.assertLogs("wordcount", "ERROR") as logs:
            code, printed = self.run_main("*.none")
        self.assertEqual((code, printed), (1, ""))
        self.assertEqual([record.getMessage() for record in logs.records], [f"no file matches --input={self.folder}/*.none"])
        self.assertFalse((self.folder / "out").exists())

    def test_empty_file_counts_nothing(self) -> None:
        (self.folder / "empty.txt").write_text("", encoding="utf-8")
        self.assertEqual(self.run_main("empty.txt"), (0, ""))


if __name__ == "__main__":
    unittest.main()
