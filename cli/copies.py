"""``cor backup`` and ``cor restore``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Who, Why
from cli.screen import AsJson, Screen

File = Annotated[Path, typer.Argument(metavar="FILE", help="One file with everything.", show_default=False)]


def backup_command(file: File, *, as_json: AsJson = False) -> None:
    """Copies all that the relay keeps in Kafka into a new file, while every stage is stopped.

    The file holds what the topics hold: amounts of the company, but no credentials. Those, and the configuration, are
    yours to copy. With a schema registry it also holds the schemas that records name, and their ids.
    """
    from operations.copies.backup import backup
    from operations.environment import Environment

    screen = Screen(as_json=as_json)
    copied = backup(Environment.read(), file, partial(screen.line, style="dim", indent=2))
    screen.json({"file": str(file), "copied": copied})
    schemas = f", {copied.schemas} schemas" if copied.schemas else ""
    screen.line(f"{file}: {copied.records} records of {copied.topics} topics, {copied.offsets} offsets{schemas}")
    if copied.unknown_schemas:
        ids = ", ".join(map(str, copied.unknown_schemas))
        screen.line(
            f"Records name schemas that the registry does not hold, or that are none of ours ({ids}): they are copied, "
            "and nobody can read them by it. If they are of another registry, set COR_SCHEMA_REGISTRY_URL to that, and "
            "take the copy anew."
        )


def restore_command(file: File, *, who: Who = None, why: Why, as_json: AsJson = False) -> None:
    """Puts such a file back on a cluster that has none of the topics: each record where it stood.

    Nothing is known there of what was written after the copy: hold every account before a stage starts. A schema
    registry has to give ids the same meaning as when the copy was taken; otherwise nothing is written.
    """
    from operations.copies.restore import restore
    from operations.environment import Environment
    from operations.operator import operator, stated

    screen, person, reason = Screen(as_json=as_json), operator(who), stated(why)
    show = partial(screen.line, style="dim", indent=2)
    copied = restore(Environment.read(), file, show, who=person, why=reason)
    screen.json({"file": str(file), "copied": copied})
    screen.line(f"{copied.records} records of {copied.topics} topics and {copied.offsets} offsets are as they were")
    screen.line("Hold every account that is written to (`cor hold --account`) before a stage starts.", "bold")
    screen.line("Services that subscribe begin anew, with an empty store: sequences go on from where the copy ends.")
