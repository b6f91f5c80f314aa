"""Report 04: parcels returned in a day."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from reports.table import parse_arguments, write_report


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse_arguments("returns", argv)
    # Made up, but always the same for a day.
    total = sum(map(ord, arguments.day + "returns"))
    write_report("returns", arguments.day, {"total": total, "hourly": total // 24}, arguments.output)


if __name__ == "__main__":
    sys.exit(main())
