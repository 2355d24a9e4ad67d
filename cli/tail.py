"""``cor tail``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.tail import TopicRecord


def tail_command(
    topic: Annotated[
        str,
        typer.Argument(
            metavar="TOPIC", help="observed, outcomes, procore.commands …; or its name.", show_default=False
        ),
    ],
    *,
    key: Annotated[
        str | None, typer.Option(help="Only records of this key, or of this change order: its key, or its id alone.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Written at or after this time (ISO 8601).")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is written from now on.")] = False,
    as_json: AsJson = False,
) -> None:
    """The records of a topic, as people and programs read them. With --json each is a line of JSON."""
    from operations.environment import Environment
    from operations.tail import Tail, topic_named
    from operations.times import parsed_time

    found = topic_named(topic)
    tail = Tail(Environment.read(), found, key=key, since_ms=parsed_time(since, "--since"))
    screen = Screen(as_json=as_json)
    try:
        for record in tail.follow() if follow else tail.read():
            screen.json_line(record)
            _show(screen, record)
    except KeyboardInterrupt:
        return


def _show(screen: Screen, record: TopicRecord) -> None:
    import json

    from operations.wording import moment

    where = f"[{record.partition}] {record.offset}"
    screen.line(f"{moment(record.at)}  {where}  {record.key}", "bold")
    if record.unreadable is not None:
        screen.line(record.unreadable, "red", indent=2)
    else:
        said = "(ended)" if record.value is None else json.dumps(record.value, ensure_ascii=False)
        screen.line(said, indent=2)
