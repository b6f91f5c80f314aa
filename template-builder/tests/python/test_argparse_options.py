"""Tests of argparse_options.py: tables of one option each, and whole programs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "src" / "python" / "argparse_options.py"

SWITCH = {"paramType": "BOOLEAN", "defaultValue": "false", "customMetadata": {"tmpl.pass": "switch"}}


class ArgparseOptionsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def draft(self, *texts: str) -> tuple[list[dict], list[str]]:
        """Parameters and warnings for programs of these texts: a.py, b.py and so on."""
        names = [f"{letter}.py" for letter, _ in zip("abc", texts)]
        for name, text in zip(names, texts):
            (self.folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-I", "-S", str(SCRIPT), *names],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(run.stderr, "")
        answer = json.loads(run.stdout)
        return answer["parameters"], answer["warnings"]

    def test_one_option(self) -> None:
        integer, optional = ["^-?[0-9]+$"], {"isOptional": True}
        for arguments, expected in [
            # required, default, help, label
            ("'--day', required=True, help='The day.'", {"name": "day", "label": "Day", "helpText": "The day."}),
            ("'--x', default=None", {"helpText": "The x.", **optional}),
            ("'-t', '--top-words', '--tw'", {"name": "top-words", "label": "Top words", "helpText": "The top words."}),
            ("'--maxItems', required=True", {"name": "maxItems", "label": "Max items"}),
            ("'--x', default=True", {"defaultValue": "true", **optional}),
            ("'--x', default='a' + LETTER", {"defaultValue": "ab"}),
            ("'--x', default=f'{LETTER}c'", {"defaultValue": "bc"}),
            ("'--x', default=3, help='Up to %(default)s, 5%% off'", {"helpText": "Up to 3, 5% off"}),
            ("'--x', help='How far (default: %(default)s).'", {"helpText": "How far."}),
            ("'--x', help='''Two\n   lines'''", {"helpText": "Two lines"}),
            # types
            ("'--x', type=int, default=-5", {"paramType": "NUMBER", "regexes": integer, "defaultValue": "-5"}),
            ("'--x', type=float, default=.5", {"paramType": "NUMBER", "defaultValue": "0.5"}),
            ("'--x', type=str_to_bool", {"paramType": "BOOLEAN", "regexes": ["^(true|false)$"]}),
            ("'--x', choices=['a', 'b.c']", {"paramType": "ENUM", "regexes": [r"^(a|b\.c)$"]}),
            ("'--x', choices=range(2), type=int", {"enumOptions": [{"value": "0"}, {"value": "1"}]}),
            ("'--x', choices=TABLE.keys()", {"enumOptions": [{"value": "k"}, {"value": "l"}]}),
            ("'--x', choices=sorted(TABLE)", {"enumOptions": [{"value": "k"}, {"value": "l"}]}),
            # switches
            ("'--dry-run', action='store_true'", {"name": "dry-run", "helpText": "Turns on: dry run.", **SWITCH}),
            ("'--no-x', dest='x', action='store_false'", {"name": "no-x", **SWITCH}),
            ("'--x', action=argparse.BooleanOptionalAction", SWITCH),
            # files
            ("'--input'", {"paramType": "GCS_READ_FILE"}),
            ("'--input_pattern', type=str", {"paramType": "GCS_READ_FILE"}),
            ("'--output-path', type=pathlib.Path", {"paramType": "GCS_WRITE_FILE"}),
            ("'--schema_file'", {"paramType": "GCS_READ_FILE"}),
            ("'--report_file', help='Where the report is written.'", {"paramType": "GCS_WRITE_FILE"}),
        ]:
            with self.subTest(arguments=arguments):
                program = f"LETTER = 'b'\nTABLE = {{'k': 1, 'l': ('m', 2)}}\nparser.add_argument({arguments})\n"
                parameters, warnings = self.draft(program)
                self.assertEqual(warnings, [])
                self.assertEqual(len(parameters), 1)
                self.assertEqual({key: parameters[0].get(key) for key in expected}, expected)

    def test_no_type_where_it_is_not_clear(self) -> None:
        for arguments in [
            "'--input', help='Pub/Sub topic'",
            "'--input_table'",
            "'--output', help='BigQuery table'",
            "'--inputs_per_second'",
            "'--file'",
            "'--x', type=parse",
        ]:
            with self.subTest(arguments=arguments):
                parameters, warnings = self.draft(f"parser.add_argument({arguments})\n")
                self.assertEqual(warnings, [])
                self.assertNotIn("paramType", parameters[0])

    def test_what_is_left_out(self) -> None:
        for arguments, warning in [
            ("'--runner'", None),
            ("'--temp-location'", None),
            ("'--version', action='version'", None),
            ("'--debug', help=argparse.SUPPRESS", None),
            ("'path'", "path is positional and left out: a template passes --name=value"),
            ("'-v'", "-v is an option without a long name and left out: a template passes --name=value"),
            ("'--pair', nargs=2", "--pair takes 2 values and is left out: a parameter is one value"),
            ("'--3d'", "--3d is left out: a parameter cannot have such a name"),
            ("'--' + x", "the name of this option is made as the program runs: add its parameter by hand"),
            ("*names", "the name of this option is made as the program runs: add its parameter by hand"),
        ]:
            with self.subTest(arguments=arguments):
                found = self.draft(f"\nparser.add_argument({arguments})\n")
                self.assertEqual(found, ([], [f"a.py:2: {warning}"] if warning else []))

    def test_what_is_kept_with_a_warning(self) -> None:
        for arguments, warning in [
            ("'--x', default=os.getcwd()", "default of --x is made as the program runs and left out"),
            ("'--x', help=text", "help of --x is made as the program runs and left out"),
            ("'--x', choices=[m.value for m in Mode]", "choices of --x is made as the program runs and left out"),
            ("'--x', required=bool(y)", "required of --x is made as the program runs and left out"),
            ("'--x', **more", "some settings of --x are made as the program runs"),
            ("'--x', nargs='+'", "--x takes several values, but a parameter gives it one"),
            ("'--x', action='append'", "--x takes several values, but a parameter gives it one"),
            ("'--x', type=bool", "--x has type=bool, which takes every text but the empty one for true, false as well"),
            (
                "'--x', action=argparse.BooleanOptionalAction, default=True",
                "--x is on by default, and a template can only leave it so: there is --no-x",
            ),
        ]:
            with self.subTest(arguments=arguments):
                parameters, warnings = self.draft(f"parser.add_argument({arguments})\n")
                self.assertEqual([parameter["name"] for parameter in parameters], ["x"])
                self.assertEqual(warnings, [f"a.py:1: {warning}"])
        _, warnings = self.draft("parser.add_argument('--api-token')\n")
        self.assertIn("--api-token seems to be a secret", warnings[0])

    def test_a_program_in_two_files(self) -> None:
        parameters, warnings = self.draft(
            """
            class MyOptions(PipelineOptions):
                @classmethod
                def _add_argparse_args(cls, parser):
                    parser.add_value_provider_argument("--first", type=int)

            def main():
                group = parser.add_argument_group("files")
                group.add_argument("--input", required=True); group.add_argument("--output", required=True)
                group.add_argument("--input", required=True)
            """,
            """
            raise SystemExit("nothing is run")
            parser.add_argument("--last")
            parser.add_argument("--output")
            parser.add_subparsers(dest="command")
            """,
        )
        self.assertEqual([parameter["name"] for parameter in parameters], ["first", "input", "output", "last"])
        self.assertEqual(
            warnings,
            [
                "b.py:4: --output is declared differently at a.py:9, which is the one used",
                "b.py:5: the program has subcommands, which a template cannot give: it passes options alone",
            ],
        )

    def test_files_that_cannot_be_read(self) -> None:
        parameters, warnings = self.draft("x = = 1\n", "parser.add_argument('--x')\n")
        self.assertEqual([parameter["name"] for parameter in parameters], ["x"])
        self.assertEqual(warnings, ["a.py:1: not read, since it is no valid Python: invalid syntax"])


if __name__ == "__main__":
    unittest.main()
