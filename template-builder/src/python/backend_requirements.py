"""Asks a package's build backend what it needs beyond `[build-system] requires` (PEP 517, `get_requires_for_build_wheel`).

Run by the interpreter of an environment that has those requirements, with `{"folder", "backend", "backend_path"}` on stdin.
Prints a JSON list of requirements.
"""

import importlib
import json
import os
import sys


def main() -> None:
    request = json.load(sys.stdin)
    # Backends print as they like; the answer must stand alone.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.chdir(request["folder"])
    sys.path[:0] = [os.path.join(request["folder"], path) for path in request["backend_path"]]
    module, _, attributes = request["backend"].partition(":")
    backend = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        backend = getattr(backend, attribute)
    hook = getattr(backend, "get_requires_for_build_wheel", None)
    requirements = hook({}) if hook is not None else []
    json.dump(list(requirements), answer)
    answer.close()


if __name__ == "__main__":
    main()
