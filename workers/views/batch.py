"""A batch of records becomes rows together with the offsets behind it: in one database transaction, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DisconnectionError, OperationalError, SQLAlchemyError

from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.routes import Routing
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import WITHHELD, Partition, Record
from schemas import Codec, Unreadable
from workers.views.folds import Decoded, FoldedTopic, Folds
from workers.views.shares import origins_of
from workers.views.sums import summed
from workers.views.tables import OFFSETS, UNREADABLE
from workers.views.upserts import insert_once

Positions = Mapping[Partition, int]

_TOO_LARGE_FOR_AN_INDEX = "54000"
"""PostgreSQL documentation, "Error Codes": program_limit_exceeded."""


class OffsetsMoved(Exception):
    """Somebody else has folded these records meanwhile; nothing of the batch stands."""


def positions_of(connection: Connection, topic_ids: Mapping[str, str]) -> dict[Partition, int]:
    """Up to where the partitions of these topics are folded."""
    rows = connection.execute(select(OFFSETS))
    return {
        Partition(row.topic, row.partition): row.next_offset for row in rows if topic_ids.get(row.topic) == row.topic_id
    }


def begin_at(connection: Connection, topic_ids: Mapping[str, str], starts: Positions) -> None:
    """Notes where partitions begin of which nothing is folded yet."""
    rows = [
        {"topic": one.topic, "topic_id": topic_ids[one.topic], "partition": one.number, "next_offset": offset}
        for one, offset in starts.items()
    ]
    insert_once(connection, OFFSETS, rows)


def advance(connection: Connection, topic_ids: Mapping[str, str], before: Positions, after: Positions) -> None:
    """Moves offsets from ``before`` to ``after``: first in the transaction, so that another one waits for its end.

    Raises :class:`OffsetsMoved` where one is not what it was.
    """
    for partition, offset in sorted(after.items()):
        moved = connection.execute(
            update(OFFSETS)
            .where(
                OFFSETS.c.topic == partition.topic,
                OFFSETS.c.topic_id == topic_ids[partition.topic],
                OFFSETS.c.partition == partition.number,
                OFFSETS.c.next_offset == before[partition],
            )
            .values(next_offset=offset)
        )
        if moved.rowcount != 1:
            raise OffsetsMoved(
                f"{partition.topic}[{partition.number}] is not folded up to {before[partition]} any more"
            )


def fold_records(
    connection: Connection, records: Sequence[Record], folds: Folds, codec: Codec, routing: Routing
) -> list[str]:
    """Takes records over, topic by topic, in their order.

    What cannot be read or kept is noted, and hides nothing else; returns a sentence for each of these.
    """
    unreadable: list[dict[str, object]] = []
    read = {
        topic: _read(connection, [record for record in records if record.topic == topic], folded, codec, unreadable)
        for topic, folded in folds.items()
    }
    about = [_about(one, routing) for every in read.values() for one in every]
    keys, origins = ({name for names in of for name in names} for of in zip(*about, strict=True)) if about else ((), ())
    with summed(connection, keys, origins):
        _fold_each(connection, read, folds, routing, unreadable)
    insert_once(connection, UNREADABLE, unreadable)
    return [f"{one['topic']}[{one['partition']}] at offset {one['offset']}: {one['why']}" for one in unreadable]


def _read(
    connection: Connection,
    records: Sequence[Record],
    folded: FoldedTopic,
    codec: Codec,
    unreadable: list[dict[str, object]],
) -> list[Decoded[Any]]:
    decoded = []
    for record in records:
        try:
            decoded.append(_decoded(record, codec, folded.record))
        except Unreadable as error:
            unreadable.append(_unreadable(record, error.message))
            if folded.misread is not None:
                folded.misread(connection, record, error.message)
    return decoded


def _about(one: Decoded[Any], routing: Routing) -> tuple[set[str], set[str]]:
    """The change orders, and the origin ids of destinations, whose rows of the log it may change."""
    match one.value:
        case ChangeOrderObserved() as event:
            return {event.key}, origins_of(event, routing)
        case ChangeOrderOutcome() | RemoteWrite() as told:
            return {told.change_order_key}, set() if told.origin_id is None else {told.origin_id}
        case _:
            return set(), set()


def _fold_each(
    connection: Connection,
    read: Mapping[str, Sequence[Decoded[Any]]],
    folds: Folds,
    routing: Routing,
    unreadable: list[dict[str, object]],
) -> None:
    for topic, decoded in read.items():
        folded = folds[topic]
        if decoded and _refusal(connection, folded, decoded, routing) is not None:
            for one in decoded:  # One of them at least cannot be kept: each by itself, so that its neighbours are.
                why = _refusal(connection, folded, [one], routing)
                if why is not None:
                    unreadable.append(_unreadable(one.record, why))


def _refusal(
    connection: Connection, folded: FoldedTopic, decoded: Sequence[Decoded[Any]], routing: Routing
) -> str | None:
    """Folds; returns why these records cannot be kept, and then nothing of them is."""
    try:
        with connection.begin_nested():
            folded.fold(connection, decoded, routing)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _TOO_LARGE_FOR_AN_INDEX:
            raise
        return str(error.orig)
    except DisconnectionError:
        raise
    except (SQLAlchemyError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return f"the relay itself failed over it: {type(error).__name__}: {error}"
    return None


def _decoded(record: Record, codec: Codec, kind: type[Any]) -> Decoded[Any]:
    if record.withheld is not None:
        raise Unreadable(str(record.withheld), reason=WITHHELD)
    return Decoded(record, None if record.value is None else codec.decode(record.value, kind))


def _unreadable(record: Record, why: str) -> dict[str, object]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "written_at": record.timestamp_ms,
        "why": why[:1000],
    }
