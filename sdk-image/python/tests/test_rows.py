"""Tests of one row: what is stored of it, and what is refused."""

from __future__ import annotations

import datetime
import decimal
import json
import unittest
from typing import Any

import support  # noqa: F401 (makes the package importable)
from tmpl_sdk import MAX_ROW_BYTES, RowError, stderr, stdout
from tmpl_sdk.rows import to_line


class LineTest(unittest.TestCase):
    def test_rows_and_their_lines(self) -> None:
        circle: list[Any] = []
        for row, line in [
            ("done", '{"stdout": "done"}'),
            (stdout("SUCCESS: 3"), '{"stdout": "SUCCESS: 3"}'),
            (stderr(ValueError("no such user")), '{"stderr": "no such user"}'),
            ({"stdout": 3, "stderr": None}, '{"stdout": "3"}'),
            (
                {"table": "users", "rows": 3, "share": 0.5, "new": True},
                '{"table": "users", "rows": 3, "share": 0.5, "new": true}',
            ),
            ({"stdout": "größe → 文字 😀"}, '{"stdout": "größe → 文字 😀"}'),
            ({"stdout": 'two\nlines\tand "quotes" \0'}, r'{"stdout": "two\nlines\tand \"quotes\" \u0000"}'),
            ({"stdout": "not UTF-8: \udcff"}, r'{"stdout": "not UTF-8: \\udcff"}'),
            ({1: [(1, 2), {"a": {3}}]}, '{"1": [[1, 2], {"a": "{3}"}]}'),
            ({"day": datetime.date(2024, 2, 29), "fee": decimal.Decimal("9.90")}, '{"day": "2024-02-29", "fee": "9.90"}'),
            ({"nan": float("nan"), "all": [float("inf"), -float("inf")]}, '{"nan": "nan", "all": ["inf", "-inf"]}'),
            (
                {"most": 2**64 - 1, "more": 2**64, "less": -(2**63) - 1},
                '{"most": 18446744073709551615, "more": "18446744073709551616", "less": "-9223372036854775809"}',
            ),
            ({"text": "", "stdout": ""}, '{"text": "", "stdout": ""}'),
            ({"circle": circle}, '{"circle": []}'),
        ]:
            with self.subTest(row=row):
                self.assertEqual(to_line(row), line)
                json.loads(line)

    def test_no_rows(self) -> None:
        circle: list[Any] = []
        circle.append(circle)
        for row, message in [
            ({}, "the row {} cannot be reported: it says nothing: give it stdout, stderr or another field"),
            ("", "the row '' cannot be reported: it says nothing: give it stdout, stderr or another field"),
            (
                {"stdout": "", "stderr": None},
                "the row {'stderr': None, 'stdout': ''} cannot be reported: it says nothing: give it stdout, stderr or another field",
            ),
            (7, "the row 7 cannot be reported: a row is a dict or a text, and this is of type int"),
            (
                {"circle": circle},
                "the row {'circle': [[[[[[...]]]]]]} cannot be reported: its values hold each other, or are nested too deep",
            ),
        ]:
            with self.subTest(row=repr(row)), self.assertRaises(RowError) as raised:
                to_line(row)  # type: ignore[arg-type]
            self.assertEqual(
                str(raised.exception), message if not isinstance(row, str) else message.replace("''", "{'stdout': ''}")
            )


class SizeTest(unittest.TestCase):
    def test_a_row_that_just_fits_is_whole(self) -> None:
        text = "a" * (MAX_ROW_BYTES - len('{"stdout": ""}'))
        self.assertEqual(to_line(text), f'{{"stdout": "{text}"}}')

    def test_longest_texts_are_cut_and_say_so(self) -> None:
        for character in ("a", "ö", "😀", '"', "\0"):
            with self.subTest(character=character):
                line = to_line({"stdout": "start " + character * 3_000_000, "id": "S-1004", "parts": ["x" * 100]})
                size = len(line.encode("utf-8"))
                self.assertLessEqual(size, MAX_ROW_BYTES)
                self.assertGreater(size, MAX_ROW_BYTES - 10)
                row = json.loads(line)
                self.assertEqual((row["id"], row["parts"]), ("S-1004", ["x" * 100]))
                kept, _, rest = row["stdout"].partition("…")
                self.assertTrue(kept.startswith("start " + character))
                self.assertEqual(rest, f" ({3_000_006 - len(kept)} characters were left out)")

    def test_two_long_texts_share_the_place(self) -> None:
        row = json.loads(to_line({"stdout": "a" * 2_000_000, "stderr": "b" * 2_000_000}))
        self.assertEqual(len(row["stdout"]), len(row["stderr"]))

    def test_what_cannot_be_cut_is_refused(self) -> None:
        with self.assertRaisesRegex(
            RowError,
            r"^the row \{'numbers': \[.*\.\.\.\]\} cannot be reported: it has more than 1048576 bytes as JSON, even with",
        ):
            to_line({"numbers": list(range(300_000))})


if __name__ == "__main__":
    unittest.main()
