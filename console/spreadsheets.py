"""What exports to spreadsheets have in common."""

from __future__ import annotations

# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless_cell(text: str) -> str:
    """Return the text as a cell that no spreadsheet computes."""
    return f"'{text}" if text.startswith(_FORMULA) else text
