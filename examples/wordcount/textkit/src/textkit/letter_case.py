"""Spelling words in one letter case, so that "The" and "the" can count as one word."""

from __future__ import annotations

LETTER_CASES = ("keep", "lower", "upper")


def change_case(word: str, case: str) -> str:
    """The word in the letter case `case`, one of `LETTER_CASES`; raises ValueError for another."""
    if case == "keep":
        return word
    if case == "lower":
        return word.lower()
    if case == "upper":
        return word.upper()
    raise ValueError(f"unknown letter case {case!r}: choose one of {', '.join(LETTER_CASES)}")
