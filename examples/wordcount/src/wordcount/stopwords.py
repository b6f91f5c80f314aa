"""The words that are not counted: a data file of the package."""

from __future__ import annotations

from importlib import resources


def load_stopwords() -> frozenset[str]:
    """The stop words in lower case, read from the package wherever it is installed."""
    text = resources.files("wordcount").joinpath("stopwords.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))
