"""Options that several commands share."""

from __future__ import annotations

import math
from typing import Annotated

import typer

Who = Annotated[str | None, typer.Option(help="Whose decision this is. Default: the user of the operating system.")]
Why = Annotated[str, typer.Option(help="The reason; it is kept in the audit topic.", show_default=False)]


def finite(number: float | None) -> float | None:
    """A number that can be counted to. Raises ``BadParameter`` for ``inf`` and ``nan``, which Python reads as such."""
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter(f"{number} is no number that can be waited for or counted to")
    return number
