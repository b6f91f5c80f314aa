"""Counts the words of text files: an ordinary Beam pipeline, packaged as a template."""
