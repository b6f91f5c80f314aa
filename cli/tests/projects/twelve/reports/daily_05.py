"""Report 05: items in stock in a day."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from reports.table import parse_arguments, write_report


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse_arguments("stock", argv)
    # Made up, but always the same for a day.
    total = sum(map(ord, arguments.day + "stock"))
    write_report("stock", arguments.day, {"total": total, "hourly": total // 24}, arguments.output)


if __name__ == "__main__":
    sys.exit(main())
