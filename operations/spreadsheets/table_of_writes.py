"""The table of writes, in the words of those who read it: a row is a write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Protocol, TypeVar

from operations.environment import Environment
from operations.reading import pass_over
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable, Value
from operations.spreadsheets.workbook import About, about_table
from operations.writes import FoundWrites, WriteFilter, operation_in_words, records_in_words
from operations.zones import CompanyZone
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import ChangeOrderObserved
from relay.domain.side import Side, side_of_kind
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import read_to_end
from relay.engine.topics import CURRENT, DIRECTORY, Topic
from schemas import Unreadable

R = TypeVar("R")
S = TypeVar("S")

_MOST_FIELDS = 12
"""Fields that a row names; what was sent in full stands in the JSON."""
_CONTRACTS = (DirectoryKind.PRIME_CONTRACT, DirectoryKind.SUBCONTRACT, DirectoryKind.PURCHASE_ORDER)

COLUMNS = (
    Column("Time", "time", ColumnKind.TIME, 20),
    Column("Project no.", "project_number"),
    Column("Contract no.", "contract_number"),
    Column("CO no.", "change_order_number", width=10),
    Column("Record", "record", width=24),
    Column("Operation", "operation", width=12),
    Column("Amount before", "amount_before", ColumnKind.MONEY, 16),
    Column("Amount after", "amount_after", ColumnKind.MONEY, 16),
    Column("Approved effect", "approved_effect", ColumnKind.MONEY, 16),
    Column("Pending effect", "pending_effect", ColumnKind.MONEY, 16),
    Column("Currency", "currency", width=9),
    Column("Side", "side", width=8),
    Column("Fields changed", "fields_changed", width=40),
    Column("Person", "person"),
    Column("Plan", "plan"),
    Column("Remote no.", "remote_number"),
    Column("Link", "link", width=40),
    Column("Write id", "write_id", width=38),
)


class WritesInOrder(Protocol):
    """Writes in the order of their times, as often as they are asked for; they need not be in memory."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[RemoteWrite]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNumbers:
    """Numbers by which people know what writes are about; what is not known is called by its id."""

    change_orders: Mapping[str, str]
    directory: Mapping[str, DirectoryEntry]

    def change_order(self, write: RemoteWrite) -> str:
        """The change order's number at its source."""
        return self.change_orders.get(write.change_order_key) or write.change_order_key.split(":", 2)[-1]

    def project(self, write: RemoteWrite) -> str | None:
        """The number of the project at the remote; a purchase order does not tell its own."""
        project_id, _, contract = write.destination.partition("/")
        entry = self._entry(write, (DirectoryKind.PROJECT,), project_id) if contract else None
        return (entry.number if entry else None) or (project_id if contract else None)

    def contract(self, write: RemoteWrite) -> str:
        """The number of the contract or purchase order."""
        contract_id = write.destination.rpartition("/")[2]
        entry = self._entry(write, _CONTRACTS, contract_id)
        return (entry.number if entry else None) or contract_id

    def side(self, write: RemoteWrite) -> Side | None:
        """The side of the contract; ``None`` where the directory does not tell what kind it is. CINX has one side."""
        if write.system == "cinx":
            return Side.COST
        entry = self._entry(write, _CONTRACTS, write.destination.rpartition("/")[2])
        if entry is None:
            return None
        return side_of_kind(entry.kind)

    def _entry(self, write: RemoteWrite, kinds: Iterable[DirectoryKind], entry_id: str) -> DirectoryEntry | None:
        keys = (f"{write.system}:{write.account}/{kind.value}:{entry_id}" for kind in kinds)
        return next((self.directory[key] for key in keys if key in self.directory), None)


def known_numbers(environment: Environment, change_orders: Iterable[str]) -> KnownNumbers:
    """What the newest events say of the change orders with these keys, and what the directory says."""
    keys = {key.encode() for key in change_orders}
    numbers = _latest(environment, CURRENT, ChangeOrderObserved, lambda event: event.change_order.number, keys)
    entries = _latest(environment, DIRECTORY, DirectoryEntry, lambda entry: entry)
    return KnownNumbers(change_orders=numbers, directory=entries)


def _latest(
    environment: Environment,
    topic: Topic,
    kind: type[R],
    said: Callable[[R], S | None],
    wanted: Collection[bytes] | None = None,
) -> dict[str, S]:
    """What the newest of each key says; what cannot be read says nothing. The records themselves are not kept."""
    partitions = environment.every(topic, environment.counts([topic])[topic])
    found: dict[str, S] = {}
    for record in read_to_end(environment.connection, partitions, pass_over=pass_over):
        if wanted is not None and record.key not in wanted:
            continue
        key = (record.key or b"").decode(errors="replace")
        found.pop(key, None)
        with suppress(Unreadable):
            known = None if record.value is None else said(environment.codec.decode(record.value, kind))
            if known:
                found[key] = known
    return found


class _RowsOfWrites:
    """A row for each write, made whenever it is asked for."""

    def __init__(self, writes: WritesInOrder, numbers: KnownNumbers) -> None:
        self._writes = writes
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._writes)

    def __iter__(self) -> Iterator[Sequence[Value]]:
        return (_row(write, self._numbers) for write in self._writes)


def table_of(writes: WritesInOrder, numbers: KnownNumbers) -> SpreadsheetTable:
    """A row for each write, in their order."""
    return SpreadsheetTable(
        title="Writes",
        columns=COLUMNS,
        rows=_RowsOfWrites(writes, numbers),
        summed=("approved_effect", "pending_effect"),
        currency="currency",
        side="side",
    )


def _row(write: RemoteWrite, numbers: KnownNumbers) -> tuple[Value, ...]:
    return (
        write.at,
        numbers.project(write),
        numbers.contract(write),
        numbers.change_order(write),
        records_in_words(write),
        operation_in_words(write),
        write.amount_before,
        write.amount_after,
        write.approved_effect,
        write.pending_effect,
        write.currency,
        numbers.side(write),
        _fields(write),
        write.person,
        write.plan_id,
        next((record.number for record in write.records if record.number), None),
        next((record.url for record in write.records if record.url), None),
        write.write_id,
    )


def _fields(write: RemoteWrite) -> str:
    names = dict.fromkeys(field.name for record in write.records for field in record.fields)
    shown = list(names)[:_MOST_FIELDS]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"{', '.join(shown)}{more}"


def about(condition: WriteFilter, found: FoundWrites, zone: CompanyZone) -> About:
    """What a reader of the file has to know."""
    asked = [
        (f"Filter: {field.name}", str(value))
        for field in fields(condition)
        if (value := getattr(condition, field.name)) is not None
    ]
    times = [("First write", found.first), ("Last write", found.last)]
    return about_table(
        "Writes: what the relay has written at the remote systems",
        *asked,
        *((name, zone.moment(at)) for name, at in times if at is not None),
        ("Amounts not known", str(found.unknown)),
        ("Amounts", "of ours as last accepted; what people edited there is not in them"),
        zone=zone,
    )
