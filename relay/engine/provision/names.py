"""What the names of accounts, targets and topics stand for, for ever.

A name is part of the external id of everything that is written. Were it to mean another company
or another contract one day, records would be looked for where they are not and made twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from relay.domain.failures import Fatal
from relay.domain.records import NameRecord
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, Record, Transactions, read_to_end
from relay.engine.kafka.foreign_records import tell_foreign
from relay.engine.topics import NAMES
from schemas.failures import Unreadable

Pair = tuple[str, str]
"""A name, and what it stands for."""

_ACCOUNT, _TARGET, _ROUTE, _TOPIC, _PIN = "account:", "target:", "route:", "topic:", "pin:"


class NamesUnrecorded(Fatal):
    """It is not written down yet what some names stand for."""


class NameCodec(Protocol):
    """The codec, as far as it is used here."""

    def encode(self, record: NameRecord, topic: str) -> bytes: ...
    def decode(self, data: bytes, kind: type[NameRecord]) -> NameRecord: ...


def record_names(
    connection: Connection,
    codec: NameCodec,
    prefix: str,
    *,
    accounts: Iterable[Pair],
    targets: Iterable[Pair],
    routes: Iterable[Pair] = (),
    topics: Iterable[Pair] = (),
    pins: Iterable[Pair] = (),
    now: datetime,
) -> tuple[str, ...]:
    """Writes down what is not yet; returns those names (``account:…``, ``target:…``, ``route:…`` and so on).

    Raises ``Fatal``, and writes nothing, where a name stands for something else already, or where
    two accounts stand for the same remote account.
    """
    wanted = _wanted(accounts, targets, routes, topics, pins)
    transactions = Transactions(connection, f"{prefix}names")
    try:
        transactions.fence()  # Of two processes that record names at once, one waits, and both see all of them.
        recorded = _recorded(connection, codec, prefix)
        _refuse(wanted, recorded)
        new = {name: meaning for name, meaning in wanted.items() if name not in recorded}
        if new:
            topic = NAMES.name(prefix)
            with transactions.transaction() as transaction:
                for name, meaning in new.items():
                    record = NameRecord(name=name, stands_for=meaning, recorded_at=now)
                    transaction.send(Outgoing(topic, name.encode(), codec.encode(record, topic)))
    finally:
        transactions.close()
    return tuple(new)


def check_names(
    connection: Connection, codec: NameCodec, prefix: str, *, accounts: Iterable[Pair], targets: Iterable[Pair]
) -> None:
    """Raises ``Fatal`` where :func:`record_names` would, :class:`NamesUnrecorded` where it has not been run for one."""
    wanted = _wanted(accounts, targets)
    recorded = _recorded(connection, codec, prefix)
    _refuse(wanted, recorded)
    unknown = sorted(set(wanted) - set(recorded))
    if unknown:
        raise NamesUnrecorded(
            f"not written down yet what these stand for: {', '.join(unknown)}. Run `cor topics apply`"
        )


def moved(
    connection: Connection, codec: NameCodec, prefix: str, account: Pair, now: datetime
) -> tuple[NameRecord, str]:
    """What is to be written where a recorded account has another address or login from now on, and what it was.

    Raises ``Fatal`` where there is nothing to change, or where another account stands for the same.
    """
    name, meaning = _ACCOUNT + account[0], account[1]
    recorded = _recorded(connection, codec, prefix)
    before = recorded.get(name)
    if before is None:
        raise Fatal(f"it is not written down yet what {name} stands for: run `cor topics apply`")
    if before == meaning:
        raise Fatal(f"{name} stands for {meaning} already: nothing has moved")
    _refuse({}, {**recorded, name: meaning})
    return NameRecord(name=name, stands_for=meaning, recorded_at=now), before


def _why(name: str) -> str:
    if name.startswith(_ROUTE):
        return "people know by them what was carried"
    return "they are part of what is written to the remote"


def _if_moved(name: str) -> str:
    if not name.startswith(_ACCOUNT):
        return ""
    return (
        "; if it is the same remote account under another address or login, say so with "
        f"`cor topics moved {name.removeprefix(_ACCOUNT)} --why ...`"
    )


def recorded_ids(connection: Connection, codec: NameCodec, prefix: str) -> dict[str, str]:
    """The ids of topics that are written down, by the topics' names without the prefix.

    Raises ``TopicsMissing`` where there is no topic of names, ``Fatal`` where one of its records cannot be read.
    """
    recorded = _recorded(connection, codec, prefix)
    return {name.removeprefix(_TOPIC): meaning for name, meaning in recorded.items() if name.startswith(_TOPIC)}


def recorded_pins(connection: Connection, codec: NameCodec, prefix: str) -> dict[str, str]:
    """The ids of projects and contracts that are called by number or name, by the keys of these.

    Raises as :func:`recorded_ids` does.
    """
    recorded = _recorded(connection, codec, prefix)
    return {name.removeprefix(_PIN): meaning for name, meaning in recorded.items() if name.startswith(_PIN)}


def recorded_names(connection: Connection, codec: NameCodec, prefix: str) -> dict[str, str]:
    """All that is written down, by name. Raises as :func:`recorded_ids` does."""
    return _recorded(connection, codec, prefix)


def topic_record(base: str, topic_id: str, now: datetime) -> NameRecord:
    """What is written where a topic, named without the prefix, has another id from now on."""
    return NameRecord(name=_TOPIC + base, stands_for=topic_id, recorded_at=now)


def forgotten_record(name: str, now: datetime) -> NameRecord:
    """What is written where a name stands for nothing from now on. A record without a value frees no name: a stranger's
    would, too.
    """
    return NameRecord(name=name, stands_for="", recorded_at=now)


def _wanted(
    accounts: Iterable[Pair],
    targets: Iterable[Pair],
    routes: Iterable[Pair] = (),
    topics: Iterable[Pair] = (),
    pins: Iterable[Pair] = (),
) -> dict[str, str]:
    wanted: dict[str, str] = {}
    kinds = ((_ACCOUNT, accounts), (_TARGET, targets), (_ROUTE, routes), (_TOPIC, topics), (_PIN, pins))
    for kind, pairs in kinds:
        for name, meaning in pairs:
            if wanted.setdefault(kind + name, meaning) != meaning:
                raise Fatal(f"{kind}{name} stands for {wanted[kind + name]} and for {meaning}: use two names")
    return wanted


def _recorded(connection: Connection, codec: NameCodec, prefix: str) -> dict[str, str]:
    topic = NAMES.name(prefix)
    cluster = Cluster(connection)
    try:
        partitions = [Partition(topic, number) for number in range(cluster.partitions(topic))]
    finally:
        cluster.close()
    recorded: dict[str, str] = {}
    unreadable: dict[bytes, Fatal] = {}
    for record in read_to_end(connection, partitions):
        key = record.key or b""
        if not _is_own_key(record):
            continue
        try:
            name = name_of(record, codec) if record.value is not None else None
        except Fatal as error:
            unreadable[key] = error
            continue
        unreadable.pop(key, None)
        if name is not None:
            recorded[name.name] = name.stands_for
    if unreadable:
        raise next(iter(unreadable.values()))
    return {name: meaning for name, meaning in recorded.items() if meaning}


def _is_own_key(record: Record) -> bool:
    """Whether the key begins as a name of ours does. What does not is told, and passed over."""
    if (record.key or b"").startswith(tuple(kind.encode() for kind in (_ACCOUNT, _TARGET, _ROUTE, _TOPIC, _PIN))):
        return True
    tell_foreign(record)
    return False


def name_of(record: Record, codec: NameCodec) -> NameRecord:
    """The name that a record holds. Raises ``Fatal``: nothing may begin while it is not known what a name stands for.

    A later record under its key settles that, be it one without a value.
    """
    try:
        return codec.decode(record.value or b"", NameRecord)
    except Unreadable as error:
        raise Fatal(
            f"the record at offset {record.offset} of {record.topic}[{record.partition}] with the key {record.key!r} "
            f"cannot be read ({error.message}), so that it is not known what this name stands for. If a later release "
            "wrote it, run that one; else find out who writes there, write a record without a value under this key, "
            "and run `cor topics apply`"
        ) from error


def _refuse(wanted: Mapping[str, str], recorded: Mapping[str, str]) -> None:
    for name, meaning in wanted.items():
        if recorded.get(name, meaning) != meaning:
            raise Fatal(
                f"{name} stands for {recorded[name]} and is now configured as {meaning}. Names are for ever, because "
                f"{_why(name)}: give the new one a new name{_if_moved(name)}"
            )
    owners: dict[str, str] = {}
    for name, meaning in {**recorded, **wanted}.items():
        if name.startswith(_ACCOUNT) and owners.setdefault(meaning, name) != name:
            raise Fatal(
                f"{owners[meaning]} and {name} both stand for {meaning}. One remote account has one name, for ever: "
                f"its rate limit, its ledger and its external ids belong to {owners[meaning]}"
            )
