"""Options that several commands share."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

Who = Annotated[str | None, typer.Option(help="Whose decision this is. Default: the user of the operating system.")]
Why = Annotated[str, typer.Option(help="The reason; it is kept in the audit topic.", show_default=False)]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table as CSV.")]
Xlsx = Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help="Write a workbook.")]

E = TypeVar("E", bound=StrEnum)


def chosen(kind: type[E], text: str, option: str) -> E:
    """One of a few words. Raises ``BadParameter`` for another."""
    try:
        return kind(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(kind)}", param_hint=option) from None


def finite(number: float | None) -> float | None:
    """A number that can be counted to. Raises ``BadParameter`` for ``inf`` and ``nan``, which Python reads as such."""
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter(f"{number} is no number that can be waited for or counted to")
    return number
