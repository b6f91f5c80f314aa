"""Rows of Beam pipelines: `rows | WriteResults()`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, Optional

import apache_beam as beam
from apache_beam.transforms import trigger, window

from tmpl_sdk.results import check_folder, normal_folder, print_line, results_folder, warn_of_printing, write_files
from tmpl_sdk.rows import Row, stderr, stdout, to_line

__all__ = ["Count", "WriteResults", "stderr", "stdout"]

# A number for each WriteResults of this process, in the order in which the program applies them. Labels would not do: they
# are unique in a pipeline, and a program may run several.
_numbers = itertools.count(1)

# How long rows of a streaming pipeline wait for others, in seconds.
_STREAMING_SECONDS = 10


class WriteResults(beam.PTransform):
    """Writes rows (dicts, or texts, which are stdout) as the job's results.

    They go into `folder`, else into the one that tmpl's launcher named, asked for when the pipeline is made and not on the
    workers; else, in a run outside tmpl, they are printed. On every runner and store; the same rows make the same files. All
    rows pass one worker, and no rows make no file.
    """

    def __init__(self, folder: Optional[str] = None) -> None:
        super().__init__()
        self.folder = normal_folder(folder) if folder else results_folder()

    def expand(self, rows: beam.PCollection[Any]) -> beam.pvalue.PDone:
        """To lines where the rows are, then all of them to one writer."""
        lines = rows | "To lines" >> beam.Map(to_line).with_output_types(str)
        if self.folder is None:
            warn_of_printing()
            lines | "Print" >> beam.Map(print_line)
        else:
            check_folder(self.folder)
            (
                lines
                | "Window" >> _one_window(rows.is_bounded)
                | "To one writer" >> beam.Map(_with_no_key).with_output_types(beam.typehints.Tuple[None, str])
                | "Group" >> beam.GroupByKey()
                | "Write" >> beam.ParDo(_WriteLines(self.folder, f"rows-{next(_numbers):03d}"))
            )
        return beam.pvalue.PDone(rows.pipeline)


class Count(beam.PTransform):
    """Counts elements of any kind into one row: stdout `PREFIX SUCCESS: N`.

    None are counted too, as `SUCCESS: 0`: a job that reports nothing does not say that it looked.
    """

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix

    def expand(self, elements: beam.PCollection[Any]) -> beam.PCollection[Row]:
        """One number, then one row."""
        start = f"{self.prefix} SUCCESS:" if self.prefix else "SUCCESS:"
        return (
            elements
            | "Count" >> beam.combiners.Count.Globally()
            | "To row" >> beam.Map(lambda number: dict(stdout(f"{start} {number}"))).with_output_types(dict)
        )


class _WriteLines(beam.DoFn):
    """Writes each group into files that are named by this transform and by the group's number: who tries again writes over."""

    def __init__(self, folder: str, stem: str) -> None:
        self.folder = folder
        self.stem = stem

    def process(self, group: tuple[None, Iterable[str]], pane: Any = beam.DoFn.PaneInfoParam) -> None:
        # Sorted, since engines give no order: so the same rows are the same bytes, and two runs can be compared.
        lines = sorted(group[1])
        stem = self.stem if pane.is_first and pane.is_last else f"{self.stem}-{pane.index:06d}"
        write_files(self.folder, stem, lines)


def _one_window(is_bounded: bool) -> beam.WindowInto:
    """All rows in one group; of a stream, what came in the last seconds. No row is too late."""
    if is_bounded:
        return beam.WindowInto(window.GlobalWindows())
    return beam.WindowInto(
        window.GlobalWindows(),
        trigger=trigger.Repeatedly(trigger.AfterProcessingTime(_STREAMING_SECONDS)),
        accumulation_mode=trigger.AccumulationMode.DISCARDING,
    )


def _with_no_key(line: str) -> tuple[None, str]:
    return None, line
