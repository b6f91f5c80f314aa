"""Has Python not search for garbage while Beam is imported, nor among what was imported then.

An import of Beam makes hundreds of thousands of objects that stay for good. Python's collector looks through them again and again
while they are made, and once more when the program ends: together that is a quarter of the time of a program that only builds a graph.

The launcher puts this module beside a job's programs and workers, with a `.pth` file that calls `install` at their start. What the
program itself makes later is collected as always.
"""

from __future__ import annotations

import sys

_PACKAGE = "apache_beam"


def install() -> None:
    """Waits for the import of Beam."""
    sys.meta_path.insert(0, _Finder())


class _Finder:
    """Sees Beam being imported. Whoever finds it otherwise finds it still."""

    def find_spec(self, name, path=None, target=None):
        if name != _PACKAGE:
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
            if spec is not None:
                _wrap(spec.loader)
                return spec
        return None


def _wrap(loader) -> None:
    execute = getattr(loader, "exec_module", None)
    if execute is None:
        return

    def exec_module(module):
        import gc

        was_on = gc.isenabled()
        gc.disable()
        try:
            execute(module)
        finally:
            gc.freeze()
            if was_on:
                gc.enable()

    try:
        loader.exec_module = exec_module
    except AttributeError:
        # A loader that takes no attributes is left alone.
        pass
