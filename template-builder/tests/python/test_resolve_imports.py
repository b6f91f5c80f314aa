"""Tests of resolve_imports.py: run as the builder runs it, on small trees."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "src" / "python" / "resolve_imports.py"


class ResolveImportsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.root = self.folder / "site-packages"
        for path, text in {
            "plain.py": "raise SystemExit('nothing is run')",
            "package/__init__.py": "raise SystemExit('nothing is run')",
            "package/inner/__init__.py": "",
            "package/inner/leaf.py": "",
            "space/part/module.py": "",
            "dynamic/__init__.py": "import sys\nsys.modules[__name__ + '.made'] = sys",
            "native.abi3.so": "",
            "more.pth": "# a comment\nimport nothing_of_this_runs\nelsewhere\nnowhere\n",
            "elsewhere/beside.py": "",
        }.items():
            self.write(self.root / path, text)

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def resolve(self, sources: dict[str, str], only: list[str] | None = None) -> dict:
        """The answer for sources given as {module: text}; a module with `/` at its end is a package."""
        entries = []
        for name, text in sources.items():
            module, package = name.rstrip("/"), name.endswith("/")
            path = module.replace(".", "/") + ("/__init__.py" if package else ".py")
            file = self.write(self.folder / "app" / path, textwrap.dedent(text))
            entries.append({"file": str(file), "module": module, "package": package})
        files = None if only is None else [entry["file"] for entry in entries if entry["module"] in only]
        run = subprocess.run(
            [sys.executable, "-I", "-S", str(SCRIPT)],
            input=json.dumps({"sources": entries, "roots": [str(self.root)], "only": files}),
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(run.stderr, "")
        return json.loads(run.stdout)

    def test_only_some_are_looked_at_and_the_others_are_there(self) -> None:
        sources = {"one": "import two\nimport gone", "two": "import lost", "three": "x ="}
        for only, missing in [(["one"], ["gone"]), (["two"], ["lost"]), ([], [])]:
            answer = self.resolve(sources, only)
            self.assertEqual([problem["module"] for problem in answer["missing"]], missing)
            self.assertEqual(answer["errors"], [])

    def missing(self, text: str) -> list[tuple[int, str, bool]]:
        """(line, module, late) of what is missing in one script."""
        answer = self.resolve({"script": text})
        self.assertEqual(answer["errors"], [])
        return [(entry["line"], entry["module"], entry["late"]) for entry in answer["missing"]]

    def test_names_that_resolve(self) -> None:
        for statement in [
            "import os.path, xml.etree.ElementTree, sys, _thread, __future__",
            "import plain, package.inner.leaf, native, beside",
            "from package.inner import leaf, attribute",
            "import space.part.module",
            "from space import part",
            "import dynamic.made",
            "import plain.made_as_it_runs",
            "import script",
        ]:
            with self.subTest(statement=statement):
                self.assertEqual(self.missing(statement), [])

    def test_names_that_are_missing(self) -> None:
        for statement, module in [
            ("import nowhere", "nowhere"),
            ("import nowhere.at.all", "nowhere"),
            ("import package.absent.leaf", "package.absent"),
            ("from package.inner.absent import x", "package.inner.absent"),
            ("import space.absent", "space.absent"),
            ("import xml.absent", "xml.absent"),
            ("import nothing_of_this_runs", "nothing_of_this_runs"),
            ("from . import x", "."),
        ]:
            with self.subTest(statement=statement):
                self.assertEqual(self.missing(statement), [(1, module, False)])

    def test_imports_that_may_fail(self) -> None:
        for text in [
            "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None",
            "try:\n    import nowhere\nexcept (ModuleNotFoundError, OSError):\n    import plain",
            "try:\n    import nowhere\nexcept:\n    pass",
            "try:\n    import plain\nexcept ImportError:\n    import nowhere",
            "import contextlib\nwith contextlib.suppress(ImportError):\n    import nowhere",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere",
            "import os\nif os.name == 'nt':\n    import nowhere",
            "import sys\ndef f():\n    if sys.platform == 'win32':\n        import nowhere",
        ]:
            with self.subTest(text=text):
                self.assertEqual(self.missing(text), [])

    def test_imports_that_must_work(self) -> None:
        for text, found in [
            ("try:\n    import nowhere\nexcept ImportError:\n    import neither", [(4, "neither", False)]),
            ("try:\n    import nowhere\nexcept KeyError:\n    pass", [(2, "nowhere", False)]),
            ("try:\n    import nowhere\nfinally:\n    pass", [(2, "nowhere", False)]),
            ("with open('x'):\n    import nowhere", [(2, "nowhere", False)]),
            ("class C:\n    import nowhere", [(2, "nowhere", False)]),
            ("if __name__ == '__main__':\n    import nowhere", [(2, "nowhere", False)]),
            ("def f():\n    import nowhere", [(2, "nowhere", True)]),
            ("async def f(x):\n    if x:\n        import nowhere", [(3, "nowhere", True)]),
            ("def f():\n    import nowhere\nimport nowhere\nimport nowhere", [(3, "nowhere", False)]),
        ]:
            with self.subTest(text=text):
                self.assertEqual(self.missing(text), found)

    def test_the_program_s_own_modules(self) -> None:
        answer = self.resolve(
            {
                "wordcount/": "from . import pipeline\nfrom .pipeline import run\nfrom . absent import x\n",
                "wordcount.pipeline": "from . import x\nfrom ..outside import y\nimport wordcount.steps.first\n",
                "wordcount.steps.first": "from ..pipeline import run\nfrom .second import x\n",
            }
        )
        found = [(Path(entry["file"]).name, entry["line"], entry["module"]) for entry in answer["missing"]]
        self.assertEqual(
            found,
            [
                ("__init__.py", 3, "wordcount.absent"),
                ("pipeline.py", 2, "..outside"),
                ("first.py", 2, "wordcount.steps.second"),
            ],
        )

    def test_source_that_is_no_python(self) -> None:
        answer = self.resolve({"broken": "import os\nx = = 1\n", "sound": "import nowhere\n"})
        file = str(self.folder / "app" / "broken.py")
        self.assertEqual(
            answer["errors"],
            [{"file": file, "line": 2, "column": 5, "message": "invalid syntax", "text": "x = = 1"}],
        )
        self.assertEqual([entry["module"] for entry in answer["missing"]], ["nowhere"])


if __name__ == "__main__":
    unittest.main()
