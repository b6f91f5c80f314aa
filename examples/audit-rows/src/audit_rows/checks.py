"""What a good line is. No Beam here: the checks of one line are plain functions."""

from __future__ import annotations

import datetime
import re

COLUMNS = ("id", "email", "started_on", "plan", "monthly_fee")

# What each plan costs a month, as the file spells it.
FEES = {"single": "6.90", "family": "14.90", "school": "24.00"}

_ID = re.compile(r"S-[0-9]{4}")
_EMAIL = re.compile(r"[^@\s<>,]+@[^@\s<>,]+\.[^@\s<>,]+")


def mistakes(line: dict[str, str]) -> list[str]:
    """What is wrong with a line, in words for the person who mends it; nothing for a good one."""
    found = []
    if not _ID.fullmatch(line["id"]):
        found.append(f"id {line['id']!r} is not S- and four digits")
    if not _EMAIL.fullmatch(line["email"]):
        found.append(f"email {line['email']!r} is not one address")
    if not _is_date(line["started_on"]):
        found.append(f"started_on {line['started_on']!r} is not a day like 2023-01-31")
    fee = FEES.get(line["plan"])
    if fee is None:
        found.append(f"plan {line['plan']!r} is none of {', '.join(FEES)}")
    elif line["monthly_fee"] != fee:
        found.append(f"monthly_fee {line['monthly_fee']!r} is not that of plan {line['plan']}, {fee}")
    return found


def _is_date(text: str) -> bool:
    try:
        # strptime alone would take 2023-1-5 too.
        return datetime.datetime.strptime(text, "%Y-%m-%d").date().isoformat() == text
    except ValueError:
        return False
