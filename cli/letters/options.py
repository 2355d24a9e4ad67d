"""Arguments and options of the commands about letters."""

from __future__ import annotations

from typing import Annotated

import typer

Reason = Annotated[str | None, typer.Option(help="Only letters with this reason; procore.* fits all of Procore's.")]
StageName = Annotated[str | None, typer.Option("--stage", help="Only letters of this stage.")]
ChangeOrder = Annotated[
    str | None, typer.Option("--change-order", help="Only letters of this change order: its key, or its id alone.")
]
Project = Annotated[
    str | None, typer.Option(help="Only letters of this project of a source: ID, or SYSTEM:ACCOUNT/project:ID.")
]
LetterId = Annotated[str, typer.Argument(metavar="ID", help="The letter's id, or its beginning.", show_default=False)]
LetterIds = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids of letters, or their beginnings.", show_default=False)
]
