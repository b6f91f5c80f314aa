"""Result rows for pipelines that tmpl launches: what a job did, in lines for people.

`tmpl_sdk.beam` writes them from a Beam pipeline, `tmpl_sdk.results` from any other program, and `tmpl_sdk.testing` tests a
job by its rows. This module and `results` need nothing but Python.
"""

from tmpl_sdk.rows import MAX_ROW_BYTES, AnyRow, Row, RowError, stderr, stdout

__all__ = ["MAX_ROW_BYTES", "AnyRow", "Row", "RowError", "stderr", "stdout"]
