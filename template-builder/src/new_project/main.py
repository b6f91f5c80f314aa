"""Counts the lines of text files, by their first word. A pipeline to begin with."""

import argparse
import logging

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions


def first_word(line: str) -> str:
    """The first word of a line, in lower case."""
    words = line.split()
    return words[0].lower() if words else "(empty)"


def run() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--input", required=True, help="the text file to read, or a pattern that names several")
    parser.add_argument("--output", required=True, help="the beginning of the names of the files to write")
    parser.add_argument("--minimum", type=int, default=1, help="words that begin fewer lines are left out")
    # What is not ours is Beam's.
    arguments, beam_arguments = parser.parse_known_args()
    minimum = arguments.minimum

    with beam.Pipeline(options=PipelineOptions(beam_arguments)) as pipeline:
        (
            pipeline
            | "Read" >> beam.io.ReadFromText(arguments.input)
            | "First words" >> beam.Map(first_word)
            | "Count" >> beam.combiners.Count.PerElement()
            | "Leave out rare ones" >> beam.Filter(lambda counted: counted[1] >= minimum)
            | "Format" >> beam.MapTuple(lambda word, count: f"{word}\t{count}")
            | "Write" >> beam.io.WriteToText(arguments.output, file_name_suffix=".tsv")
        )
    logging.info("wrote %s-*.tsv", arguments.output)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    run()
