"""Helpers of the pipeline, installed on the workers through setup.py."""
