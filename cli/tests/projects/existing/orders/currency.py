"""Amounts of money."""


def to_cents(amount):
    """Cents as an integer."""
    return int(round(float(amount) * 100))
