"""Splitting lines into words."""

from __future__ import annotations

import re

# Letters of any script, with apostrophes or hyphens inside ("don't", "well-known"), no digits and no underscores.
_LETTERS = r"[^\W\d_]+"
_WORD = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*")


def split_words(line: str) -> list[str]:
    """The words of a line, in order, as they are spelled there."""
    return _WORD.findall(line)
