"""The job: from files to rows. The program writes them, the tests compare them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam
from apache_beam.io import fileio
from tmpl_sdk import Row
from tmpl_sdk.beam import Count

from audit_rows.checks import COLUMNS, mistakes


class Line(NamedTuple):
    """A line of a file, or what is wrong with the whole file."""

    file: str
    number: int
    values: dict[str, str]
    mistakes: list[str]


def audit(pipeline: beam.Pipeline, pattern: str) -> beam.PCollection[Row]:
    """One row for each mistake, and one with the number of lines that have none."""
    lines = (
        pipeline
        | "Find files" >> fileio.MatchFiles(pattern, empty_match_treatment=fileio.EmptyMatchTreatment.DISALLOW)
        | "Open files" >> fileio.ReadMatches()
        | "Check lines" >> beam.FlatMap(read_lines).with_output_types(Line)
    )
    good = lines | "Good lines" >> beam.Filter(lambda line: not line.mistakes) | "Count" >> Count()
    bad = lines | "Bad lines" >> beam.FlatMap(line_rows).with_output_types(dict)
    twice = (
        lines
        | "With id" >> beam.Filter(lambda line: bool(line.values))
        | "By id" >> beam.Map(lambda line: (line.values["id"], f"{line.file} line {line.number}"))
        | "Same id" >> beam.GroupByKey()
        | "Ids twice" >> beam.FlatMap(same_id_rows).with_output_types(dict)
    )
    return (good, bad, twice) | "All rows" >> beam.Flatten()


def read_lines(file: fileio.ReadableFile) -> Iterable[Line]:
    """The lines of one file with their numbers, checked. Files are read whole: a line of CSV may have line breaks in it."""
    name = file.metadata.path.rpartition("/")[2]
    with file.open() as opened:
        text = opened.read().decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    if tuple(header) != COLUMNS:
        yield Line(name, 1, {}, [f"the columns are {','.join(header)!r}, and not {','.join(COLUMNS)!r}"])
        return
    for values in reader:
        if len(values) == len(COLUMNS):
            line = dict(zip(COLUMNS, values, strict=True))
            yield Line(name, reader.line_num, line, mistakes(line))
        elif values:
            yield Line(name, reader.line_num, {}, [f"it has {len(values)} values, and not {len(COLUMNS)}"])


def line_rows(line: Line) -> list[Row]:
    """A row for each mistake of a line."""
    return [{"stderr": f"ERROR: {line.file} line {line.number}: {mistake}"} for mistake in line.mistakes]


def same_id_rows(group: tuple[str, Iterable[str]]) -> list[Row]:
    """A row for an id that several lines have."""
    name, places = group[0], sorted(group[1])
    return [{"stderr": f"ERROR: id {name!r} is there {len(places)} times: {', '.join(places)}"}] if len(places) > 1 else []
