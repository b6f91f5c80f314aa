"""Tests of compile_tree.py: that the bytecode works, and depends on the source alone."""

from __future__ import annotations

import importlib.util
import json
import marshal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "src" / "python" / "compile_tree.py"

SOURCES = {
    "one.py": "'''Doc.'''\ndef greet(name: str) -> str:\n    return f'hello {name}'\nVALUE = greet('you')\n",
    "two.py": "class Shape:\n    sides = {'a', 'b', 'sides'}\n    def area(self):\n        return b'm', 0 in {1.5, 'x'}\n",
    "warns.py": "x = 1 is 1\ny = '\\d'\n",
}


def load_script():
    """The script as a module, to reach its functions."""
    spec = importlib.util.spec_from_file_location("compile_tree", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CompileTreeTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def entry(self, name: str, out: str) -> dict:
        return {
            "source": str(self.folder / "src" / name),
            "virtual": f"/tmpl/lib/{name}",
            "output": str(self.folder / out / f"{name}c"),
        }

    def run_script(self, request: dict) -> dict:
        run = subprocess.run(
            [sys.executable, "-I", "-S", str(SCRIPT)], input=json.dumps(request), capture_output=True, text=True, check=True
        )
        self.assertEqual(run.stderr, "")
        return json.loads(run.stdout)

    def compile(self, names: list[str], out: str, jobs: int = 1, strict: bool = False) -> dict:
        files = [self.entry(name, out) for name in names]
        return self.run_script({"groups": [{"id": "g", "files": files}], "jobs": jobs, "strict": strict})

    def output(self, out: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.folder / out).rglob("*.pyc"))}

    def test_bytecode_is_unchecked_hash_and_shows_the_virtual_path(self) -> None:
        self.write("one.py", SOURCES["one.py"])
        self.assertEqual(self.compile(["one.py"], "out"), {"compiled": 1, "errors": []})
        data = self.output("out")["one.pyc"]
        self.assertEqual(data[:4], importlib.util.MAGIC_NUMBER)
        self.assertEqual(data[4:8], b"\x01\0\0\0")
        self.assertEqual(data[8:16], importlib.util.source_hash(SOURCES["one.py"].encode()))
        code = marshal.loads(data[16:])
        self.assertEqual(code.co_filename, "/tmpl/lib/one.py")
        namespace: dict = {}
        exec(code, namespace)
        self.assertEqual(namespace["VALUE"], "hello you")

    def test_bytes_depend_on_the_source_alone(self) -> None:
        # Enough text for more than one process.
        filler = "\n".join(f"def function_{number}(argument_{number}): return 'text {number}'" for number in range(2500))
        for name, text in SOURCES.items():
            self.write(name, text)
        self.write("long.py", filler)
        self.write("longer.py", filler + "\nlast = 1\n")
        names = [*SOURCES, "long.py", "longer.py"]
        self.compile(names, "together", jobs=2)
        self.compile(names[::-1], "reversed", jobs=1)
        for name in names:
            self.compile([name], "alone")
        together = self.output("together")
        self.assertEqual(len(together), len(names))
        self.assertEqual(together, self.output("reversed"))
        self.assertEqual(together, self.output("alone"))

    def test_bytes_do_not_depend_on_what_the_process_holds(self) -> None:
        script = load_script()
        # Put together as the test runs: as a constant it would be in this file's own bytecode.
        name = "_".join(["a", "name", "of", "this", "test"])
        source = self.write("names.py", f"{name} = 1\n")

        def marshalled() -> bytes:
            return marshal.dumps(compile(source.read_bytes(), "/tmpl/names.py", "exec"))

        def compiled(out: str) -> bytes:
            output = self.folder / out / "names.pyc"
            self.assertIsNone(script.compile_file(script.Task(str(source), "/tmpl/names.py", str(output), True)))
            return output.read_bytes()

        bytes_before, marshalled_before = compiled("before"), marshalled()
        # As by an imported module that has the name as well.
        held = sys.intern(name)
        bytes_after, marshalled_after = compiled("after"), marshalled()
        self.assertEqual(held, name)
        self.assertEqual(bytes_before, bytes_after)
        # Says where the remedy is needed: without it the bytes differ before Python 3.11, and from there on nowhere.
        self.assertEqual(marshalled_before != marshalled_after, script.MARSHAL_DRIFTS)

    def test_errors_of_strict_groups_alone(self) -> None:
        broken = self.write("broken.py", "x = 1\nif x\n    pass\n")
        binary = self.write("binary.py", b"x = '\xff'\n")
        self.write("one.py", SOURCES["one.py"])
        names = ["broken.py", "binary.py", "one.py"]
        self.assertEqual(self.compile(names, "lenient"), {"compiled": 1, "errors": []})
        self.assertEqual(sorted(self.output("lenient")), ["one.pyc"])
        answer = self.compile(names, "strict", strict=True)
        self.assertEqual(answer["compiled"], 1)
        self.assertEqual([error["file"] for error in answer["errors"]], [str(broken), str(binary)])
        first = answer["errors"][0]
        self.assertEqual((first["line"], first["column"], first["text"]), (2, 5, "if x"))
        self.assertTrue(first["message"])
        # A group's own word wins over the request's.
        groups = [{"id": "a", "strict": False, "files": [self.entry("broken.py", "mixed")]}]
        self.assertEqual(self.run_script({"groups": groups, "strict": True})["errors"], [])

    def test_source_that_is_not_there_fails_the_run(self) -> None:
        with self.assertRaises(subprocess.CalledProcessError) as caught:
            self.compile(["absent.py"], "out")
        self.assertIn("absent.py", caught.exception.stderr)

    def test_no_files(self) -> None:
        self.assertEqual(self.compile([], "out", jobs=4), {"compiled": 0, "errors": []})


if __name__ == "__main__":
    unittest.main()
