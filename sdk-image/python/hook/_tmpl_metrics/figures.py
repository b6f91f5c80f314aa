"""Sums of what pipelines count, from Beam's `MonitoringInfo`s to the shape in which tmpl keeps them."""

from __future__ import annotations

import datetime
import math
from typing import Any, Optional

from apache_beam.metrics import monitoring_infos as beam

from _tmpl_metrics import quietly

_PHASES = {
    "beam:metric:pardo_execution_time:start_bundle_msecs:v1": "start",
    "beam:metric:pardo_execution_time:process_bundle_msecs:v1": "process",
    "beam:metric:pardo_execution_time:finish_bundle_msecs:v1": "finish",
    "beam:metric:ptransform_execution_time:total_msecs:v1": "total",
}
_ELEMENTS = "beam:metric:element_count:v1"
_USER = "beam:metric:user:"


class Figures:
    """Sums, by step, namespace and name."""

    def __init__(self) -> None:
        self.counters = {}
        # Count, sum, least, greatest.
        self.distributions = {}
        # Seconds, value.
        self.gauges = {}
        self.sets = {}
        # By step and name of the collection.
        self.elements = {}
        # By step, then by phase.
        self.times = {}

    def read(self, info, names: Names) -> None:
        """Adds one figure that Beam gives; one that cannot be read is left out."""
        quietly(self._read, info, names)

    def _read(self, info, names: Names) -> None:
        labels = info.labels
        if info.urn in _PHASES:
            self._work(names.step(labels["PTRANSFORM"]), _PHASES[info.urn], beam.extract_counter_value(info))
        elif info.urn == _ELEMENTS:
            # What a runner puts between the pipeline's own steps has no name there.
            if labels["PCOLLECTION"] in names.collections:
                self._flow(names.collections[labels["PCOLLECTION"]], beam.extract_counter_value(info))
        elif info.urn.startswith(_USER):
            key = (names.step(labels["PTRANSFORM"]), labels["NAMESPACE"], labels["NAME"])
            if beam.is_counter(info):
                self._count(key, beam.extract_counter_value(info))
            elif beam.is_distribution(info):
                self._distribute(key, tuple(beam.extract_distribution(info)))
            elif beam.is_gauge(info):
                self._set(key, tuple(beam.extract_gauge_value(info)))
            # Not every version of Beam has these.
            elif hasattr(beam, "is_string_set") and beam.is_string_set(info):
                self._collect(key, beam.extract_string_set_value(info))
            elif hasattr(beam, "is_bounded_trie") and beam.is_bounded_trie(info):
                paths = beam.extract_bounded_trie_value(info).as_trie().flattened()
                self._collect(key, ("".join(path[:-1]) + ("*" if path[-1] else "") for path in paths))

    def add(self, other: Figures) -> None:
        """Adds other figures."""
        for figures, add in (
            (other.counters, self._count),
            (other.distributions, self._distribute),
            (other.gauges, self._set),
            (other.sets, self._collect),
            (other.elements, self._flow),
        ):
            for key, value in figures.items():
                add(key, value)
        for step, phases in other.times.items():
            for phase, milliseconds in phases.items():
                self._work(step, phase, milliseconds)

    def _count(self, key, value) -> None:
        self.counters[key] = self.counters.get(key, 0) + value

    def _distribute(self, key, value) -> None:
        held = self.distributions.get(key, (0, 0, 0, 0))
        # The least and the greatest of nothing are no numbers of the pipeline's.
        if held[0] and value[0]:
            value = (held[0] + value[0], held[1] + value[1], min(held[2], value[2]), max(held[3], value[3]))
        self.distributions[key] = value if value[0] else held

    def _set(self, key, value) -> None:
        if key not in self.gauges or value[0] >= self.gauges[key][0]:
            self.gauges[key] = value

    def _collect(self, key, texts) -> None:
        self.sets.setdefault(key, set()).update(texts)

    def _flow(self, key, count) -> None:
        self.elements[key] = self.elements.get(key, 0) + count

    def _work(self, step, phase, milliseconds) -> None:
        phases = self.times.setdefault(step, {})
        phases[phase] = phases.get(phase, 0) + milliseconds

    def to_json(self) -> dict[str, Any]:
        """The figures in tmpl's shape, with the time of now."""

        def entries(figures, fields):
            keyed = (dict(zip(("step", "namespace", "name"), key), **fields(figures[key])) for key in sorted(figures))
            return list(keyed)

        def spread(value):
            count, total, least, greatest = value
            ends = {"min": _number(least), "max": _number(greatest)} if count else {"min": None, "max": None}
            return {"count": count, "sum": _number(total), **ends}

        return {
            "time": _moment(datetime.datetime.now(datetime.timezone.utc)),
            "counters": entries(self.counters, lambda value: {"value": _number(value)}),
            "distributions": entries(self.distributions, spread),
            "gauges": entries(self.gauges, lambda value: {"value": _number(value[1]), "time": _time(value[0])}),
            "stringSets": entries(self.sets, lambda value: {"values": sorted(value)}),
            "elements": [
                {"step": step, "collection": collection, "count": count}
                for (step, collection), count in sorted(self.elements.items())
            ],
            "milliseconds": [{"step": step, **phases} for step, phases in sorted(self.times.items())],
        }


class Names:
    """What pipelines call their steps and collections."""

    def __init__(self) -> None:
        self._steps = set()
        # From ids to the step that makes a collection, and to what it calls it.
        self.collections = {}

    def add(self, pipeline) -> None:
        """Adds those of a pipeline. Another one's collections of the same ids are forgotten."""
        for transform in pipeline.components.transforms.values():
            if transform.subtransforms:
                continue
            self._steps.add(transform.unique_name)
            alone = len(transform.outputs) == 1
            for name, collection in transform.outputs.items():
                # Beam's Python says None of the main output.
                called = "output" if alone or name == "None" else name
                self.collections[collection] = (transform.unique_name, called)

    def step(self, name: str) -> str:
        """The pipeline's own step; runners take steps apart, and name the parts after them: `Read/Split`."""
        whole = name
        while whole not in self._steps and "/" in whole:
            whole = whole.rpartition("/")[0]
        return whole if whole in self._steps else name


def _number(value):
    """The number as JSON has it; of what JSON has not, the word."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _time(seconds) -> Optional[str]:
    try:
        return _moment(datetime.datetime.fromtimestamp(float(seconds), datetime.timezone.utc))
    except (OverflowError, OSError, ValueError):
        return None


def _moment(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
