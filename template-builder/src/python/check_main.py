"""Imports a template's main module as a launch would, without running the program.

Run by the interpreter of the joined environment, with `{"module": "wordcount"}` or `{"file": "/abs/app/main.py"}` on stdin.
Prints `{"exception": null}`, or what went wrong:

    {"exception": "ModuleNotFoundError: No module named 'textkit'", "missing": "textkit", "file": "/abs/app/main.py", "line": 3}

A main module that begins its work only under `if __name__ == "__main__"` is imported under another name. Of one that begins
at once, only the import statements are executed.
"""

import ast
import importlib
import importlib.util
import json
import os
import sys
import traceback
import types
from typing import Any, Dict, Optional

NAME = "__tmpl_main__"


class NotRunnable(Exception):
    """The named module can't be run as a program."""


def has_guard(tree: ast.Module) -> bool:
    """Whether a statement at the top level asks for the module's name."""
    return any(
        isinstance(statement, ast.If)
        and any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test))
        for statement in tree.body
    )


def is_import(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but import, at most with a way out when that fails."""
    if isinstance(statement, ast.Try):
        return all(isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in statement.body)
    return isinstance(statement, (ast.Import, ast.ImportFrom))


def check(path: str, package: Optional[str]) -> None:
    """Executes a source file, or its imports, as a module of another name."""
    with open(path, "rb") as file:
        tree = ast.parse(file.read(), path)
    if not has_guard(tree):
        tree.body = [statement for statement in tree.body if is_import(statement)]
    module = types.ModuleType(NAME)
    module.__file__ = path
    module.__package__ = package
    # Classes look their module up by its name.
    sys.modules[NAME] = module
    exec(compile(tree, path, "exec", dont_inherit=True), module.__dict__)


def check_module(name: str) -> None:
    """Does what `python -m name` does before it runs the module."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if spec.submodule_search_locations is not None:
        importlib.import_module(name)
        main = importlib.util.find_spec(f"{name}.__main__")
        if main is None:
            raise NotRunnable(f"{name} is a package without a __main__.py")
        spec = main
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise NotRunnable(f"{name} is no Python source file")
    check(spec.origin, spec.name.rpartition(".")[0])


def describe(error: BaseException) -> Dict[str, Any]:
    """The exception and the last place outside of Python's own machinery."""
    described: Dict[str, Any] = {"exception": f"{type(error).__name__}: {error}".rstrip(": "), "missing": None, "file": None, "line": 0}
    if isinstance(error, ModuleNotFoundError):
        described["missing"] = error.name
    if isinstance(error, SyntaxError) and error.filename is not None:
        described.update(exception=f"SyntaxError: {error.msg}", file=error.filename, line=error.lineno or 0)
        return described
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename != __file__ and not frame.filename.startswith("<"):
            described.update(file=frame.filename, line=frame.lineno)
    return described


def main() -> None:
    request = json.load(sys.stdin)
    # The program prints as it likes; the answer must stand alone.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        if "file" in request:
            sys.path.insert(0, os.path.dirname(request["file"]))
            sys.argv = [request["file"]]
            check(request["file"], None)
        else:
            sys.argv = [request["module"]]
            check_module(request["module"])
        outcome = {"exception": None}
    except BaseException as error:
        outcome = describe(error)
    json.dump(outcome, answer)
    answer.flush()
    # Threads that the program's modules started must not keep the check waiting.
    os._exit(0)


if __name__ == "__main__":
    main()
