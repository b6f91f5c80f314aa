"""Tests of what the launcher puts beside a program, so that counters of a pipeline inside it are seen. Real programs, real Beam."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

HOOK = Path(__file__).resolve().parent.parent / "hook"

# As the launcher does: a folder of site packages with a `.pth` file.
START = f"import site; site.addsitedir({str(HOOK)!r}); import runpy, sys; sys.argv = sys.argv[1:]; "
START += "runpy.run_path(sys.argv[0], run_name='__main__')"

PIPELINE = """
import sys
import time
import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions

class Count(beam.DoFn):
    def __init__(self):
        self.seen = Metrics.counter("shop", "seen")
        self.sizes = Metrics.distribution("shop", "sizes")
        self.last = Metrics.gauge("shop", "last")
        self.kinds = Metrics.string_set("shop", "kinds")

    def process(self, number):
        self.seen.inc()
        self.sizes.update(number)
        self.last.set(number)
        self.kinds.add(f"kind {number % 2}")
        yield number
        if number % 2:
            yield beam.pvalue.TaggedOutput("odd", number)

def build(pipeline, numbers, then=lambda number: number):
    made = pipeline | "Make" >> beam.Create(numbers)
    made | "Count" >> beam.ParDo(Count()).with_outputs("odd", main="all")
    made | "Then" >> beam.Map(then)

def run(numbers, *flags, **then):
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", *flags], save_main_session=True)) as pipeline:
        build(pipeline, numbers, **then)
"""


class HookTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "metrics.json"

    def start(self, program: str, **variables: str) -> subprocess.Popen[str]:
        file = self.folder / "program.py"
        file.write_text(textwrap.dedent(program))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TMPL_")}
        environment.update({"TMPL_METRICS": str(self.path), "PYTHONDONTWRITEBYTECODE": "1", **variables})
        return subprocess.Popen(
            [sys.executable, "-c", START, str(file)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, program: str, code: int = 0, **variables: str) -> tuple[str, str]:
        started = self.start(program, **variables)
        stdout, stderr = started.communicate(timeout=300)
        self.assertEqual(started.returncode, code, stderr)
        return stdout, stderr

    def metrics(self) -> dict:
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["metrics.json", "program.py"])
        return json.loads(self.path.read_text(encoding="utf-8"))

    def test_everything_that_a_pipeline_counts(self) -> None:
        self.ended(PIPELINE + "run([1, 2, 3])")
        metrics = self.metrics()
        own = {"step": "Count/ParDo(Count)", "namespace": "shop"}
        self.assertEqual(metrics["counters"], [{**own, "name": "seen", "value": 3}])
        sizes = {**own, "name": "sizes", "count": 3, "sum": 6, "min": 1, "max": 3}
        self.assertEqual(metrics["distributions"], [sizes])
        self.assertEqual(metrics["gauges"][0]["value"], 3)
        self.assertEqual(metrics["stringSets"], [{**own, "name": "kinds", "values": ["kind 0", "kind 1"]}])
        counts = {(one["step"], one["collection"]): one["count"] for one in metrics["elements"]}
        self.assertEqual(counts["Count/ParDo(Count)", "output"], 3)
        self.assertEqual(counts["Count/ParDo(Count)", "odd"], 2)
        self.assertEqual(counts["Then", "output"], 3)
        # What the runner makes of a step is told of the step.
        steps = [one["step"] for one in metrics["milliseconds"]]
        self.assertIn("Then", steps)
        self.assertEqual([step for step in steps if step.endswith(("/Read", "/Write"))], [])
        self.assertRegex(metrics["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_workers_that_are_threads_or_processes(self) -> None:
        for mode in ("multi_threading", "multi_processing"):
            with self.subTest(mode):
                flags = f"'--direct_running_mode={mode}', '--direct_num_workers=2'"
                self.ended(PIPELINE + f"run(range(20), {flags})")
                metrics = self.metrics()
                self.assertEqual([one["value"] for one in metrics["counters"]], [20])
                self.assertEqual([one["sum"] for one in metrics["distributions"]], [190])

    def test_pipelines_of_one_program_are_added_up(self) -> None:
        self.ended(PIPELINE + "run([1, 2, 3])\nrun([4])")
        self.assertEqual(self.metrics()["counters"][0]["value"], 4)
        self.assertEqual(self.metrics()["distributions"][0], {**self.metrics()["distributions"][0], "count": 4, "max": 4})

    def test_what_is_counted_is_seen_while_one_bundle_is_worked_on(self) -> None:
        # Nothing lies between the numbers and the sleep: all of it is one bundle.
        program = PIPELINE + "run(range(4), then=lambda number: time.sleep(2))"
        started = self.start(program)
        self.addCleanup(started.communicate)
        self.addCleanup(started.kill)
        seen = []
        while started.poll() is None and len(seen) < 2:
            if self.path.exists():
                counters = json.loads(self.path.read_text())["counters"]
                seen += [one["value"] for one in counters if one["value"] not in seen]
            time.sleep(0.05)
        self.assertIsNone(started.poll(), "the file was written at the end alone")
        self.assertTrue(0 < seen[0] < seen[1] <= 4, seen)

    def test_a_pipeline_that_fails_tells_what_it_had_done(self) -> None:
        fail = "def fail(number):\n    raise ValueError('no')\n"
        regroup = "made | 'Group' >> beam.GroupBy(lambda number: 0) | 'Then' >> beam.Map(then)"
        program = PIPELINE.replace('made | "Then" >> beam.Map(then)', regroup)
        _, stderr = self.ended(program + fail + "run([1, 2, 3], then=fail)", code=1)
        self.assertIn("ValueError: no", stderr)
        self.assertEqual(self.metrics()["counters"][0]["value"], 3)

    def test_a_program_without_beam_is_left_alone(self) -> None:
        program = """
            import sys, threading
            print([name for name in sys.modules if "beam" in name], threading.active_count(), sys.meta_path[0].__class__.__name__)
            """
        self.assertEqual(self.ended(program)[0], "[] 1 _Finder\n")
        self.assertFalse(self.path.exists())
        # A file of this name makes no difference to what nobody has asked for.
        started = self.ended("import sys; print('_tmpl_metrics' in sys.modules)", TMPL_METRICS="")
        self.assertEqual(started[0], "False\n")

    def test_what_goes_wrong_is_no_matter_of_the_programs(self) -> None:
        self.path = self.folder / "no" / "such" / "folder.json"
        quiet = self.ended(PIPELINE + "run([1])\nprint('done')")
        self.path = self.folder / "metrics.json"
        self.assertEqual(self.ended(PIPELINE + "run([1])\nprint('done')")[0], quiet[0])
        self.assertNotIn("metrics", quiet[1])
        broken = "import apache_beam.runners.worker.sdk_worker as worker\ndel worker.SdkWorker.process_bundle_progress\n"
        slow = "run([1], then=lambda number: time.sleep(3))\nprint('done')"
        self.assertEqual(self.ended(PIPELINE + broken + slow)[0], "done\n")
        self.assertEqual(self.metrics()["counters"][0]["value"], 1)
        other = "import apache_beam.runners.worker.sdk_worker as worker\nworker.SdkWorker = None\n"
        self.path.unlink()
        self.assertEqual(self.ended(other + PIPELINE + "print('done')")[0], "done\n")

    def test_names_of_any_kind_are_json(self) -> None:
        names = '"Make\\n\\x1b[2J" >> '
        self.ended(PIPELINE.replace('"Make" >> ', names).replace('"seen"', '"s\\x1b\\u2028"') + "run([1])")
        self.assertEqual(self.metrics()["counters"][0]["value"], 1)

    def test_beams_runner_is_what_it_was_to_others(self) -> None:
        program = """
            import inspect, pickle
            from apache_beam.runners.portability.fn_api_runner import FnApiRunner, fn_runner
            print(fn_runner.__spec__.name, FnApiRunner.run_via_runner_api.__name__, "class FnApiRunner" in inspect.getsource(fn_runner))
            assert pickle.loads(pickle.dumps(FnApiRunner)) is FnApiRunner
            """
        name = "apache_beam.runners.portability.fn_api_runner.fn_runner"
        self.assertEqual(self.ended(program)[0], f"{name} run_via_runner_api True\n")


if __name__ == "__main__":
    unittest.main()
