"""Tests of splitting and spelling words."""

import unittest

from textkit import LETTER_CASES, change_case, split_words


class SplitWordsTest(unittest.TestCase):
    def test_words(self) -> None:
        for line, words in [
            ("", []),
            ("  42 -- !? _ ", []),
            ("Copies, of the Work.", ["Copies", "of", "the", "Work"]),
            ("don't re-use 'quoted' GPLv3", ["don't", "re-use", "quoted", "GPLv"]),
            ("Füße — 文字 ελληνικά", ["Füße", "文字", "ελληνικά"]),
            ("snake_case 3rd", ["snake", "case", "rd"]),
        ]:
            with self.subTest(line=line):
                self.assertEqual(split_words(line), words)


class ChangeCaseTest(unittest.TestCase):
    def test_every_case(self) -> None:
        self.assertEqual([change_case("Work", case) for case in LETTER_CASES], ["Work", "work", "WORK"])

    def test_unknown_case_is_named(self) -> None:
        with self.assertRaisesRegex(ValueError, "unknown letter case 'title'"):
            change_case("Work", "title")


if __name__ == "__main__":
    unittest.main()
