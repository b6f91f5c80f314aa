"""Small functions for words: what the team's pipelines share, so a package of its own."""

from textkit.letter_case import LETTER_CASES, change_case
from textkit.words import split_words

__all__ = ["LETTER_CASES", "change_case", "split_words"]
