"""``cor mock``."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.screen import AsJson, Screen


def mock_command(
    *,
    orders: Annotated[int, typer.Option(min=1, help="How many change orders there are in it.")] = 200,
    seed: Annotated[int, typer.Option(help="Another number is another history; the same one the same bytes.")] = 1,
    prefix: Annotated[
        str, typer.Option(help="Before the topics' names; COR_TOPIC_PREFIX is not looked at. No relay may work there.")
    ] = "mock-",
    partitions: Annotated[int | None, typer.Option(min=1, help="Of each topic, instead of 12.")] = None,
    as_json: AsJson = False,
) -> None:
    """Publishes a history that never happened, for who builds a subscriber: no remote system and no relay is needed.

    Needs COR_KAFKA_BOOTSTRAP_SERVERS, and COR_SCHEMA_REGISTRY_URL where the records are to be in Confluent's format.
    """
    from operations.mock.publish import publish

    published = publish(orders, seed, prefix=prefix, partitions=partitions)
    screen = Screen(as_json=as_json)
    screen.json({"prefix": prefix, "records": published.records, "aborted": published.aborted})
    screen.table(("topic", "records"), [(f"{prefix}{base}", count) for base, count in published.records.items()])
    screen.line(
        f"{published.aborted} more records are of aborted transactions: who reads committed ones does not see them."
    )
