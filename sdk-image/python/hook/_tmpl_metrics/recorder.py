"""Looks over the shoulder of Beam's in-process runner, and writes what its pipelines count."""

from __future__ import annotations

import collections
import functools
import json
import os
import sys
import threading
import time

from _tmpl_metrics import quietly
from _tmpl_metrics.figures import Figures, Names

_WORKER = "apache_beam.runners.worker.sdk_worker"

# How often the file is written while a pipeline runs, in seconds: soon at first, then more seldom.
_SOON = 2.0
_SELDOM = 10.0
# So many bundles wait to be added up.
_MOST_WAITING = 500


def watch(runner, path: str) -> None:
    """Puts a recorder around what runs pipelines, bundles of elements, and a worker's part of them.

    `runner` is the module of Beam's runner. All of it is Beam's own: where a version lacks it, nothing is watched.
    """
    recorder = Recorder(path)
    worker = sys.modules[_WORKER].SdkWorker
    run, process, work = (
        runner.FnApiRunner.run_via_runner_api,
        runner.BundleManager.process_bundle,
        worker.process_bundle,
    )

    @functools.wraps(run)
    def run_and_record(self, pipeline_proto, *arguments, **options):
        quietly(recorder.begin, pipeline_proto)
        result = None
        try:
            result = run(self, pipeline_proto, *arguments, **options)
            return result
        finally:
            quietly(recorder.end, result)

    @functools.wraps(process)
    def process_and_record(self, *arguments, **options):
        answer = process(self, *arguments, **options)
        # A bundle that is only tried, as profiles do, is none.
        is_tried = options.get("dry_run") or (len(arguments) > 4 and arguments[4])
        if not is_tried:
            quietly(recorder.add_bundle, answer)
        return answer

    @functools.wraps(work)
    def work_and_record(self, request, instruction_id, *arguments, **options):
        recorder.working[instruction_id] = self
        try:
            return work(self, request, instruction_id, *arguments, **options)
        finally:
            recorder.working.pop(instruction_id, None)

    runner.FnApiRunner.run_via_runner_api = run_and_record
    runner.BundleManager.process_bundle = process_and_record
    worker.process_bundle = work_and_record


class Recorder:
    """Adds up what the pipelines of this process count, and writes it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        # What pipelines counted that have ended, and what the bundles did of one that runs.
        self._ended = Figures()
        self._bundles = Figures()
        # The figures of bundles that ended and are not added up yet.
        self._waiting = collections.deque()
        # Which worker works on which bundle.
        self.working = {}
        self._names = Names()
        self._running = 0
        self._thread = None

    def begin(self, pipeline) -> None:
        """A pipeline begins."""
        with self._lock:
            self._running += 1
            self._names.add(pipeline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="tmpl-metrics", daemon=True)
                self._thread.start()

    def add_bundle(self, answer) -> None:
        """A bundle ended: the worker's response, and how the bundle was split."""
        response = answer[0] if isinstance(answer, tuple) else answer
        self._waiting.append(response.process_bundle.monitoring_infos)
        if len(self._waiting) > _MOST_WAITING:
            with self._lock:
                self._add_waiting()

    def end(self, result) -> None:
        """A pipeline ended. One without a result failed: what its bundles say is all there is."""
        with self._lock:
            self._running -= 1
            if result is None:
                self._add_waiting()
                self._ended.add(self._bundles)
            else:
                self._waiting.clear()
                for info in result.monitoring_infos():
                    self._ended.read(info, self._names)
            self._bundles = Figures()
            self._write()

    def _write_on(self) -> None:
        pause = _SOON
        while True:
            time.sleep(pause)
            pause = min(pause * 1.5, _SELDOM)
            if self._running:
                quietly(self._write_now)

    def _write_now(self) -> None:
        with self._lock:
            self._add_waiting()
            self._write(self._unfinished())

    def _add_waiting(self) -> None:
        while self._waiting:
            for info in self._waiting.popleft():
                self._bundles.read(info, self._names)

    def _unfinished(self) -> Figures:
        """What bundles have counted so far that are worked on."""
        from apache_beam.portability.api import beam_fn_api_pb2

        figures = Figures()
        for instruction, worker in list(self.working.items()):
            request = beam_fn_api_pb2.ProcessBundleProgressRequest(instruction_id=instruction)
            answer = worker.process_bundle_progress(request, instruction)
            for info in answer.process_bundle_progress.monitoring_infos:
                figures.read(info, self._names)
        return figures

    def _write(self, *unfinished: Figures) -> None:
        whole = Figures()
        for part in (self._ended, self._bundles, *unfinished):
            whole.add(part)
        part_file = f"{self._path}.{os.getpid()}.part"
        with open(part_file, "w", encoding="utf-8") as file:
            json.dump(whole.to_json(), file, allow_nan=False)
        os.replace(part_file, self._path)
