"""The items of change orders: as they were observed, or, before anything was, as the source lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.environment import Environment
from operations.reading import pass_over
from operations.values_on_disk import ValuesOnDisk
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.http.terms import CallTerms
from relay.domain.change_order import Item
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.mapping.splitting import items_of
from relay.domain.sources import constructiononline
from relay.engine.kafka import KafkaFailure, Record, TopicsMissing, read_to_end
from relay.engine.topics import OBSERVED
from schemas import Codec, RegistryFailure, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenItem:
    """An item, and where its change order comes from."""

    system: str
    account: str
    project: str | None
    item: Item


class ObservedItems:
    """The items of every change order as it was observed last, as often as they are asked for, kept on the disk."""

    def __init__(self, environment: Environment) -> None:
        self._codec = environment.codec
        self._newest = ValuesOnDisk()
        places = environment.every(OBSERVED, environment.counts([OBSERVED])[OBSERVED])
        records = read_to_end(environment.connection, places, pass_over=pass_over)
        self._newest.fill(newest_values(environment.codec, records))

    def __iter__(self) -> Iterator[SeenItem]:
        for _, value in self._newest.in_order():
            yield from _items(self._codec.decode(value, ChangeOrderObserved))


def newest_values(codec: Codec, records: Iterable[Record]) -> Iterator[tuple[str, bytes | None]]:
    """By change order its event as it was written; ``None`` for one that is deleted, or that we have made ourselves."""
    for record in records:
        try:
            event = codec.decode(record.value or b"", ChangeOrderObserved)
        except Unreadable:
            continue  # The mapper has made a letter of it.
        key = (record.key or b"").decode(errors="backslashreplace")
        yield key, None if event.change == Change.DELETED or event.root else record.value


def observed_items(environment: Environment) -> Iterable[SeenItem] | None:
    """The items of every change order as it was observed last; ``None`` where Kafka or the topic is not there."""
    try:
        return ObservedItems(environment)
    except (KafkaFailure, TopicsMissing, RegistryFailure):
        return None


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
