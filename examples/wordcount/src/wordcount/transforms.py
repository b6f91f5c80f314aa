"""The steps of the pipeline, apart from where lines come from and results go: what the tests run on."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam
from apache_beam.metrics import Metrics
from textkit import change_case, split_words

from wordcount.stopwords import load_stopwords

WordCount = tuple[str, int]


class ExtractWords(beam.DoFn):
    """Splits lines into the words that count: long enough, no stop words, in one letter case."""

    def __init__(self, min_length: int, case: str) -> None:
        self.min_length = min_length
        self.case = case
        self.lines = Metrics.counter("wordcount", "lines")
        self.counted = Metrics.counter("wordcount", "words_counted")
        self.skipped = Metrics.counter("wordcount", "words_skipped")

    def setup(self) -> None:
        # Here and not in __init__: every worker reads its own copy instead of unpickling the submitter's.
        self.stopwords = load_stopwords()

    def process(self, line: str) -> Iterable[str]:
        found = split_words(line)
        words = [
            change_case(word, self.case)
            for word in found
            if len(word) >= self.min_length and word.lower() not in self.stopwords
        ]
        self.lines.inc()
        self.counted.inc(len(words))
        self.skipped.inc(len(found) - len(words))
        return words


class CountWords(beam.PTransform):
    """Lines to (word, count), each word once."""

    def __init__(self, min_length: int, case: str) -> None:
        super().__init__()
        self.min_length = min_length
        self.case = case

    def expand(self, lines: beam.PCollection[str]) -> beam.PCollection[WordCount]:
        return (
            lines
            | "Extract words" >> beam.ParDo(ExtractWords(self.min_length, self.case)).with_output_types(str)
            | "Count" >> beam.combiners.Count.PerElement()
        )


class MostFrequent(beam.PTransform):
    """(word, count) to one list of the `limit` most frequent, the highest count first, equal counts by alphabet."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def expand(self, counts: beam.PCollection[WordCount]) -> beam.PCollection[list[WordCount]]:
        return counts | "Most frequent" >> beam.combiners.Top.Smallest(self.limit, key=_rank)


def _rank(item: WordCount) -> tuple[int, str]:
    word, count = item
    return -count, word


def format_line(item: WordCount) -> str:
    """One line of output: the word, a tab, its count."""
    word, count = item
    return f"{word}\t{count}"
