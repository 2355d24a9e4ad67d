"""The table of writes, in the words of those who read it: a row is a write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar

from operations.environment import Environment
from operations.plan.rows import Side
from operations.reading import latest_by_key, pass_over
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable, Value
from operations.spreadsheets.workbook import About, about_table
from operations.writes import WriteFilter, is_unknown, operation_in_words, records_in_words
from operations.zones import CompanyZone
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import ChangeOrderObserved
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.topics import CURRENT, DIRECTORY, Topic
from schemas import Unreadable

R = TypeVar("R")

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

    def side(self, write: RemoteWrite) -> str | None:
        """The side of the contract; ``None`` where the directory does not tell what kind it is. CINX has one side."""
        if write.system == "cinx":
            return Side.COST
        entry = self._entry(write, _CONTRACTS, write.destination.rpartition("/")[2])
        if entry is None:
            return None
        return Side.OWNER if entry.kind is DirectoryKind.PRIME_CONTRACT else Side.COST

    def _entry(self, write: RemoteWrite, kinds: Iterable[DirectoryKind], entry_id: str) -> DirectoryEntry | None:
        keys = (f"{write.system}:{write.account}/{kind.value}:{entry_id}" for kind in kinds)
        return next((self.directory[key] for key in keys if key in self.directory), None)


def known_numbers(environment: Environment, writes: Iterable[RemoteWrite]) -> KnownNumbers:
    """What the newest events and the directory say of the change orders and destinations of ``writes``."""
    keys = {write.change_order_key.encode() for write in writes}
    numbers: dict[str, str] = {}
    for key, event in _latest(environment, CURRENT, ChangeOrderObserved, keys.__contains__):
        if event.change_order.number:
            numbers[key] = event.change_order.number
    return KnownNumbers(change_orders=numbers, directory=dict(_latest(environment, DIRECTORY, DirectoryEntry)))


def _latest(
    environment: Environment, topic: Topic, kind: type[R], wanted: Callable[[bytes], bool] = lambda _: True
) -> Iterator[tuple[str, R]]:
    """The newest of each key; what cannot be read says nothing."""
    partitions = environment.every(topic, environment.counts([topic])[topic])
    for (_, key), record in latest_by_key(environment.connection, partitions, wanted, pass_over=pass_over).items():
        with suppress(Unreadable):
            yield key.decode(errors="replace"), environment.codec.decode(record.value or b"", kind)


def table_of(writes: Iterable[RemoteWrite], numbers: KnownNumbers) -> SpreadsheetTable:
    """A row for each write."""
    return SpreadsheetTable(
        title="Writes",
        columns=COLUMNS,
        rows=[_row(write, numbers) for write in writes],
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


def about(condition: WriteFilter, writes: Sequence[RemoteWrite], zone: CompanyZone) -> About:
    """What a reader of the file has to know."""
    asked = [
        (f"Filter: {field.name}", str(value))
        for field in fields(condition)
        if (value := getattr(condition, field.name)) is not None
    ]
    span = period(writes)
    times = [] if span is None else [("First write", zone.moment(span[0])), ("Last write", zone.moment(span[1]))]
    return about_table(
        "Writes: what the relay has written at the remote systems",
        *asked,
        *times,
        ("Amounts not known", str(sum(map(is_unknown, writes)))),
        ("Amounts", "of ours as last accepted; what people edited there is not in them"),
        zone=zone,
    )


def period(writes: Iterable[RemoteWrite]) -> tuple[datetime, datetime] | None:
    """The times of the first and the last of them; ``None``: there is none."""
    times = [write.at for write in writes]
    return (min(times), max(times)) if times else None
