"""Greets in every language that is installed."""

from importlib.metadata import version

__version__ = version("salute")
