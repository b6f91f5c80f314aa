"""Writes what Beam pipelines count inside this program to the file that tmpl's launcher names in `TMPL_METRICS`.

The launcher puts this package into a program's environment, and beside it a `.pth` file: so every Python process there that has the
variable calls `install` at its start. That imports nothing of Beam's: it waits until the program imports Beam's in-process runner,
and then looks over its shoulder (`recorder`). Whatever goes wrong here is a line for debuggers, and no matter of the program's.

The file holds what a job has counted, as tmpl's `beam/src/metrics/mod.rs` describes it, and is always whole.
"""

from __future__ import annotations

import sys

# The module of Beam's in-process runner.
_RUNNER = "apache_beam.runners.portability.fn_api_runner.fn_runner"


def install(path: str) -> None:
    """Waits for Beam. `path` is where the figures go."""
    sys.meta_path.insert(0, _Finder(path))


class _Finder:
    """Sees Beam's runner being imported. Whoever finds it otherwise finds it still."""

    def __init__(self, path):
        self._path = path

    def find_spec(self, name, path=None, target=None):
        if name != _RUNNER:
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
            if spec is not None:
                self._look_into(spec.loader)
                return spec
        return None

    def _look_into(self, loader):
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return

        def exec_module(module):
            execute(module)
            quietly(self._watch, module)

        # A loader that takes no attributes is left alone.
        quietly(setattr, loader, "exec_module", exec_module)

    def _watch(self, runner):
        from _tmpl_metrics.recorder import watch

        watch(runner, self._path)


def quietly(action, *arguments) -> None:
    """Does something that is no matter of the program's, whatever comes of it."""
    try:
        action(*arguments)
    except Exception as error:
        import logging

        logging.getLogger("tmpl_metrics").debug("figures are not written: %r", error)
