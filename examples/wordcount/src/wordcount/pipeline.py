"""The program: options, the pipeline from files to files, and a summary for whoever watches."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult, PipelineState
from textkit import LETTER_CASES

from wordcount.transforms import CountWords, MostFrequent, WordCount, format_line

TOP_WORDS = 10

logger = logging.getLogger("wordcount")


class NoInputError(Exception):
    """The input pattern names no file."""


def parse_arguments(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """The program's own options, and the rest, which is Beam's. Without abbreviations: `--in` could be either's."""
    parser = argparse.ArgumentParser(prog="wordcount", description="Count the words of text files.", allow_abbrev=False)
    parser.add_argument("--input", required=True, help="the text file to read, or a pattern such as /data/*.txt")
    parser.add_argument("--output", required=True, help="where results go: the beginning of the file names")
    parser.add_argument("--min_length", type=int, default=1, help="words shorter than this are not counted")
    parser.add_argument("--case", choices=LETTER_CASES, default="lower", help="the letter case words are counted in")
    return parser.parse_known_args(argv)


def run(argv: Sequence[str] | None = None) -> list[WordCount]:
    """Runs the pipeline to its end and returns the most frequent words. Raises NoInputError where nothing matches."""
    arguments, beam_arguments = parse_arguments(argv)
    options = PipelineOptions(beam_arguments)
    # A store such as S3 can't be looked into before Beam knows the options; a pipeline would tell it of them only later.
    FileSystems.set_options(options)
    files = count_files(arguments.input)
    logger.info("counting the words of %d file(s): %s", files, arguments.input)

    top_file = f"{arguments.output}.top.tsv"
    with beam.Pipeline(options=options) as pipeline:
        counts = (
            pipeline
            # The input was just looked at, and once is enough.
            | "Read" >> beam.io.ReadFromText(arguments.input, validate=False)
            | "Count words" >> CountWords(arguments.min_length, arguments.case)
        )
        (
            counts
            | "Format" >> beam.Map(format_line).with_output_types(str)
            | "Write" >> beam.io.WriteToText(arguments.output, file_name_suffix=".tsv")
        )
        (
            counts
            | "Top" >> MostFrequent(TOP_WORDS)
            | "Format top" >> beam.FlatMap(lambda top: map(format_line, top)).with_output_types(str)
            # One file of ten lines in their order, not shards.
            | "Write top" >> beam.io.WriteToText(top_file, shard_name_template="", num_shards=1)
        )

    result = pipeline.result
    if result.state != PipelineState.DONE or "TMPL_RUNNER" in os.environ:
        # On an engine this program only submits its pipeline; the files are still to come.
        logger.info("the job goes on: %s", result.state)
        return []
    log_counters(result)
    logger.info("wrote %s-*.tsv and %s", arguments.output, top_file)
    return read_top(top_file)


def count_files(pattern: str) -> int:
    """How many files match; at least one, else NoInputError."""
    files = len(FileSystems.match([pattern])[0].metadata_list)
    if files == 0:
        raise NoInputError(f"no file matches --input={pattern}")
    return files


def log_counters(result: PipelineResult) -> None:
    """One line with what the pipeline counted about itself."""
    counters = result.metrics().query(MetricsFilter().with_namespace("wordcount"))["counters"]
    facts = sorted((counter.key.metric.name, counter.result) for counter in counters)
    logger.info("counters: %s", ", ".join(f"{name}={value}" for name, value in facts))


def read_top(path: str) -> list[WordCount]:
    """The most frequent words again, from the file the pipeline wrote: so they are seen on every runner."""
    with FileSystems.open(path) as file:
        lines = file.read().decode("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return [(word, int(count)) for word, count in pairs]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the pipeline and prints its most frequent words; returns the exit code."""
    logging.basicConfig()
    # Apart from basicConfig, which does nothing when an import has logged before: Beam's do.
    logging.getLogger().setLevel(logging.INFO)
    # Beam tells every stage at INFO; its warnings are for people.
    logging.getLogger("apache_beam").setLevel(logging.WARNING)
    try:
        top = run(argv)
    except NoInputError as error:
        logger.error("%s", error)
        return 1
    if top:
        print("The most frequent words:")
    for word, count in top:
        print(f"{count:>8,}  {word}")
    return 0
