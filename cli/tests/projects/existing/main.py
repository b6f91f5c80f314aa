"""Copies the orders of a day from files to a table. Written for Flex Templates, years ago, by several people."""

import argparse
import logging
import os

# Beam is what such a project has, but nothing here starts a pipeline: the tests read this file and run it without.
try:
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError:

    class BeamArgumentParser(argparse.ArgumentParser):
        """The parser that Beam hands to its options."""

        add_value_provider_argument = argparse.ArgumentParser.add_argument

    class PipelineOptions(object):
        """Stands in for Beam's where it is not installed."""

        def __init__(self, flags=None):
            parser = BeamArgumentParser(allow_abbrev=False)
            self._add_argparse_args(parser)
            self.values = parser.parse_known_args(flags)[0]


DEFAULT_CURRENCY = "EUR"
MODES = ["append", "truncate"]


class OrderOptions(PipelineOptions):
    """Options in Beam's own way."""

    @classmethod
    def _add_argparse_args(cls, parser):
        parser.add_argument(
            "--window_seconds",
            type=int,
            default=60,
            help="Length of the windows, in seconds (default: %(default)s).",
        )
        parser.add_value_provider_argument("--greeting", type=str, help="Decided when the job runs.")


def add_output_options(parser):
    """Options that several programs share."""
    group = parser.add_argument_group("output")
    group.add_argument("--output", dest="output_path", required=True, help="Where the orders are written to.")
    group.add_argument("--write-mode", choices=MODES, default="append", help="What becomes of older rows.")
    group.add_argument("--format", choices=("csv", "json", "avro"), default="csv", help="Format of the output.")
    exclusive = parser.add_mutually_exclusive_group()
    exclusive.add_argument("--dry-run", action="store_true", help="Write nothing, only count.")
    exclusive.add_argument("--no-header", dest="header", action="store_false", help="Leave the header line out.")


def build_parser():
    parser = argparse.ArgumentParser(description="Copies the orders of a day.")
    parser.add_argument("legacy", nargs="?", help="a positional argument, of no use in a template")
    parser.add_argument(
        "--input",
        required=True,
        help="Orders to read, "
        "a file or a pattern such as gs://bucket/orders-*.csv.",
    )
    parser.add_argument("-t", "--table", required=True, help="BigQuery table, project:dataset.table.")
    parser.add_argument("--max_orders", type=int, help="Stop after so many orders, 100%% of them without it.")
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--currency", default=DEFAULT_CURRENCY, help="ISO code of the currency, %(default)s if unset.")
    parser.add_argument("--rates_file", default=None, help="CSV file with exchange rates.")
    parser.add_argument("--tag", action="append", help="May be given several times.")
    parser.add_argument("--region_code", default=os.environ.get("REGION_CODE"), help=f"Region of {DEFAULT_CURRENCY} orders.")
    parser.add_argument("--password", help="Password of the order system.")
    parser.add_argument("--project", help="The project that jobs run in.")
    parser.add_argument("--temp_location", help="For temporary files.")
    parser.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action=argparse.BooleanOptionalAction, default=False, help="Say more.")
    for name in ("first", "second"):
        parser.add_argument("--" + name, help="an option whose name is made as the program runs")
    add_output_options(parser)
    return parser


def run(argv=None):
    arguments, beam_arguments = build_parser().parse_known_args(argv)
    options = OrderOptions(beam_arguments)
    logging.info("copying %s to %s", arguments.input, arguments.output_path)
    print("input:", arguments.input)
    print("output:", arguments.output_path)
    return options


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.INFO)
    run()
