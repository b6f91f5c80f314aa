"""Finds imports that would fail, without running or importing any of the code.

Stand-alone, Python 3.9 or later, standard library only. Run as `python -I -S resolve_imports.py`, with the interpreter that
the program is for, and a request on stdin:

    {"sources": [{"file": "/abs/pipeline.py", "module": "wordcount.pipeline", "package": false}],
     "roots": ["/abs/site-packages"], "only": ["/abs/pipeline.py"]}

`package` is true for an `__init__.py`. With `only`, these sources alone are looked at; the others are there. The answer on stdout:

    {"missing": [{"file": "/abs/pipeline.py", "line": 3, "module": "textkit", "late": false}],
     "errors": [{"file": "/abs/other.py", "line": 3, "column": 7, "message": "invalid syntax", "text": "x ="}]}

`module` is what Python would name in its ModuleNotFoundError, `late` an import inside a function. Each module is reported
once for a file. The roots are searched like `sys.path`, with the folders that their `.pth` files name.

In doubt an import is taken to work, since the answer can fail a build: one that is caught when it fails, that stands under a
condition (in a function: one about the platform), or that leads below a module which makes its submodules as it runs.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder
from typing import Any, NamedTuple

Problem = dict[str, Any]

# Exceptions whose handler catches an import that fails.
IMPORT_FAILURES = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}

# Names in a condition that make it depend on where the program runs, or whether it runs at all.
PLATFORM_FACTS = {"TYPE_CHECKING", "platform", "version_info", "os.name", "implementation"}

# Words in a package's __init__.py that tell of submodules no finder can see.
DYNAMIC_WORDS = (b"sys.modules", b"__path__", b"extend_path")


class Source(NamedTuple):
    """A file of the program and its place among the modules."""

    file: str
    module: str
    package: bool


class Import(NamedTuple):
    """One import of a file; `module` is absolute, or starts with dots where it leads out of the top package."""

    line: int
    module: str
    late: bool


class Resolver:
    """Answers whether a module can be found: among the sources, in the standard library, or under the roots."""

    def __init__(self, sources: Sequence[Source], roots: Iterable[str]) -> None:
        self.own = {source.module: source for source in sources}
        # With the folders above them, which are namespace packages where they have no file.
        self.own_names = {name for module in self.own for name in prefixes(module)}
        self.standard = set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ()))
        self.path = [entry for entry in [*sys.path, *with_pth_entries(roots)] if os.path.exists(entry)]
        # The folders of a package's submodules; empty for a plain module, None for one that is missing.
        self.locations: dict[str, list[str] | None] = {}

    def first_missing(self, module: str) -> str | None:
        """The shortest beginning of a dotted name that cannot be found, as an import would name it."""
        if module.startswith("."):
            return module
        for name in prefixes(module):
            if name not in self.own_names and self.locate(name) is None:
                return None if self.made_by_parent(name) else name
        return None

    def locate(self, name: str) -> list[str] | None:
        """Where the submodules of `name` are, or None if there is no such module. Its parent is there."""
        if name not in self.locations:
            self.locations[name] = self.search(name)
        return self.locations[name]

    def search(self, name: str) -> list[str] | None:
        """`locate`, without what was found before."""
        parent, _, tail = name.rpartition(".")
        path = self.locate(parent) if parent else self.path
        # By its last part alone: with the whole name the finder would look for the parent among the imported modules.
        spec = PathFinder.find_spec(tail, path)
        if spec is not None:
            return list(spec.submodule_search_locations or [])
        return [] if name in self.standard else None

    def made_by_parent(self, name: str) -> bool:
        """Whether the parent may make this submodule as it runs: a plain module (six.moves), or one that says so."""
        parent = name.rpartition(".")[0]
        if parent in self.own:
            source = self.own[parent]
            return not source.package or tells_of_submodules(source.file)
        if parent in self.own_names or not parent:
            return False
        locations = self.locate(parent)
        return not locations or any(tells_of_submodules(os.path.join(folder, "__init__.py")) for folder in locations)


def tells_of_submodules(file: str) -> bool:
    """Whether the source of a package has to do with how its submodules are found."""
    try:
        with open(file, "rb") as opened:
            text = opened.read()
    except OSError:
        return False
    return any(word in text for word in DYNAMIC_WORDS)


def prefixes(module: str) -> list[str]:
    """a, a.b and a.b.c of a.b.c."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def with_pth_entries(roots: Iterable[str]) -> Iterator[str]:
    """The roots, each followed by the folders its .pth files name. Their lines of code are left alone."""
    for root in roots:
        yield root
        try:
            names = sorted(name for name in os.listdir(root) if name.endswith(".pth"))
        except OSError:
            continue
        for name in names:
            with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
                for line in map(str.strip, file):
                    folder = os.path.join(root, line)
                    if line and not line.startswith(("#", "import ", "import\t")) and os.path.isdir(folder):
                        yield folder


class ImportCollector(ast.NodeVisitor):
    """Collects the imports of one source that have to work."""

    def __init__(self, source: Source, resolver: Resolver) -> None:
        self.source = source
        self.resolver = resolver
        self.depth = 0
        self.found: list[Import] = []

    def visit_Import(self, node: ast.Import) -> None:
        self.found.extend(Import(node.lineno, alias.name, self.depth > 0) for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        # The names after `import` may be attributes, which only running the module would tell.
        self.found.append(Import(node.lineno, absolute_name(self.source, node), self.depth > 0))

    def visit_FunctionDef(self, node: ast.AST) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node: ast.If) -> None:
        words = words_of(node.test)
        # In a function the condition may well come from the user; at the top it tells one environment from another.
        certain = "__name__" in words or (self.depth > 0 and words.isdisjoint(PLATFORM_FACTS))
        if certain:
            self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        if not any(suppresses_import_failure(item.context_expr) for item in node.items):
            self.generic_visit(node)

    def visit_Try(self, node: Any) -> None:
        catching = [handler for handler in node.handlers if names_import_failure(handler.type)]
        if not catching:
            self.visit_all([*node.body, *node.orelse])
        elif not self.all_present(node.body):
            # The handler imports the alternative; it has to work only where the first choice doesn't.
            for handler in catching:
                self.visit_all(handler.body)
        self.visit_all(node.finalbody)

    visit_TryStar = visit_Try

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def all_present(self, nodes: Iterable[ast.AST]) -> bool:
        """Whether every import of these statements would work."""
        inner = ImportCollector(self.source, self.resolver)
        inner.visit_all(nodes)
        return all(self.resolver.first_missing(found.module) is None for found in inner.found)


def absolute_name(source: Source, node: ast.ImportFrom) -> str:
    """The module that `from … import` names, or the name as written where it leads out of the top package."""
    if node.level == 0:
        return node.module or ""
    parts = source.module.split(".")
    dropped = node.level - 1 if source.package else node.level
    if dropped >= len(parts):
        return "." * node.level + (node.module or "")
    package = parts[: len(parts) - dropped]
    return ".".join(package + ([node.module] if node.module else []))


def words_of(expression: ast.AST | None) -> set[str]:
    """The names in an expression; `os.name` gives `os`, `name` and `os.name`."""
    words: set[str] = set()
    for node in ast.walk(expression) if expression else ():
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
            if isinstance(node.value, ast.Name):
                words.add(f"{node.value.id}.{node.attr}")
    return words


def names_import_failure(expression: ast.AST | None) -> bool:
    """Whether the expression of an `except` includes a failing import; a bare `except:` does."""
    return expression is None or not words_of(expression).isdisjoint(IMPORT_FAILURES)


def suppresses_import_failure(expression: ast.AST) -> bool:
    """`suppress(ImportError)` or `contextlib.suppress(ImportError)`."""
    return (
        isinstance(expression, ast.Call)
        and "suppress" in words_of(expression.func)
        and any(names_import_failure(argument) for argument in expression.args)
    )


def missing_imports(source: Source, tree: ast.AST, resolver: Resolver) -> list[Problem]:
    """The imports of one source that would fail: each module once, an early import before a late one."""
    collector = ImportCollector(source, resolver)
    collector.visit(tree)
    missing: dict[str, Problem] = {}
    for found in sorted(collector.found, key=lambda found: found.late):
        name = resolver.first_missing(found.module)
        if name is not None and name not in missing:
            missing[name] = {"file": source.file, "line": found.line, "module": name, "late": found.late}
    return sorted(missing.values(), key=lambda problem: problem["line"])


def describe_syntax_error(file: str, error: SyntaxError) -> Problem:
    """The error as Python shows it; line and column 0 where it names none."""
    return {
        "file": file,
        "line": error.lineno or 0,
        "column": max(error.offset or 0, 0),
        "message": error.msg or "invalid syntax",
        "text": (error.text or "").strip(),
    }


def answer(request: dict[str, Any]) -> dict[str, list[Problem]]:
    """What is missing in all sources, in their order."""
    sources = [Source(entry["file"], entry["module"], entry["package"]) for entry in request["sources"]]
    resolver = Resolver(sources, request["roots"])
    missing: list[Problem] = []
    errors: list[Problem] = []
    only = request.get("only")
    wanted = None if only is None else set(only)
    for source in sources:
        if wanted is not None and source.file not in wanted:
            continue
        with open(source.file, "rb") as file:
            text = file.read()
        try:
            tree = ast.parse(text, source.file)
        except SyntaxError as error:
            errors.append(describe_syntax_error(source.file, error))
        except ValueError as error:
            errors.append(describe_syntax_error(source.file, SyntaxError(str(error))))
        else:
            missing.extend(missing_imports(source, tree, resolver))
    return {"missing": missing, "errors": errors}


def main() -> None:
    """Answers the request on stdin."""
    warnings.simplefilter("ignore")
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
