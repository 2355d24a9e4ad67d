"""Texts of remote systems in files that a spreadsheet opens: whatever they say, none of it is carried out."""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula (OWASP, "CSV Injection")."""
_MOST: Final = 32_767
"""Characters that a cell holds (Microsoft support, "Excel specifications and limits")."""


def defused(text: str) -> str:
    """``text`` so that a spreadsheet that reads CSV takes it for text, by an apostrophe before it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def in_a_cell(text: str) -> str:
    """``text`` as one cell of a workbook holds it: written as text it is never a formula; too long a one is cut."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    if len(whole) <= _MOST:
        return whole
    end = f"… ({len(whole)} characters)"
    return whole[: _MOST - len(end)] + end
