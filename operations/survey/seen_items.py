"""The items of change orders: as they were observed, or, before anything was, as the source lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.environment import Environment
from operations.reading import pass_over
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.http.terms import CallTerms
from relay.domain.change_order import Item
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.mapping.splitting import items_of
from relay.domain.sources import constructiononline
from relay.engine.kafka import KafkaFailure, TopicsMissing, read_to_end
from relay.engine.topics import OBSERVED
from schemas import RegistryFailure, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenItem:
    """An item, and where its change order comes from."""

    system: str
    account: str
    project: str | None
    item: Item


def observed_items(environment: Environment) -> list[SeenItem] | None:
    """The items of every change order as it was observed last; ``None`` where Kafka or the topic is not there."""
    try:
        count = environment.counts([OBSERVED])[OBSERVED]
        newest = _newest(environment, count)
    except (KafkaFailure, TopicsMissing, RegistryFailure):
        return None
    return [item for items in newest.values() for item in items]


def _newest(environment: Environment, count: int) -> Mapping[bytes, list[SeenItem]]:
    newest: dict[bytes, list[SeenItem]] = {}
    places = environment.every(OBSERVED, count)
    for record in read_to_end(environment.connection, places, pass_over=pass_over):
        try:
            event = environment.codec.decode(record.value or b"", ChangeOrderObserved)
        except Unreadable:
            continue  # The mapper has made a letter of it.
        newest[record.key or b""] = [] if event.change == Change.DELETED or event.root else list(_items(event))
    return newest


def _items(event: ChangeOrderObserved) -> Iterator[SeenItem]:
    for item in items_of(event.change_order):
        yield SeenItem(system=event.system, account=event.account, project=event.project, item=item)


def listed_items(
    client: ConstructionOnlineClient, account: str, project: str | None, terms: CallTerms
) -> list[SeenItem]:
    """Every item that the login may see, of one project or of all, by one call; lump sums have none."""
    number = int(project) if project is not None else None
    rows = [record.data for record in client.items(project_id=number, terms=terms)]
    return [
        SeenItem(
            system=constructiononline.SYSTEM, account=account, project=constructiononline.project_id(row), item=item
        )
        for row, item in _read(rows)
    ]


def _read(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Item]]:
    for row in rows:
        parent = constructiononline.parent_id(row)
        if parent is not None:
            (item,) = constructiononline.read({"ID": int(parent)}, [row]).change_order.items
            yield row, item
