"""The entry point: `python -m audit_rows --input=…`."""

from __future__ import annotations

import argparse

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from tmpl_sdk.beam import WriteResults

from audit_rows.job import audit


def main() -> None:
    """Runs the audit to its end; bad lines are its result, and no failure."""
    parser = argparse.ArgumentParser(prog="audit_rows", description="Audit a file of subscriptions.", allow_abbrev=False)
    parser.add_argument("--input", required=True, help="the CSV file to check, or a pattern such as /data/*.csv")
    arguments, beam_arguments = parser.parse_known_args()
    with beam.Pipeline(options=PipelineOptions(beam_arguments)) as pipeline:
        audit(pipeline, arguments.input) | WriteResults()


if __name__ == "__main__":
    main()
