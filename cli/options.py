"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Who = Annotated[str | None, typer.Option(help="Whose decision this is. Default: the user of the operating system.")]
Why = Annotated[str, typer.Option(help="The reason; it is kept in the audit topic.", show_default=False)]
