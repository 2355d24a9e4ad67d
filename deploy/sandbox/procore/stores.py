"""Where records are kept, with the look-ups that a large batch needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from deploy.sandbox.procore.records import Document, Line

D = TypeVar("D", bound=Document)


class Documents(Generic[D]):
    """The records of one level; deleted ones stay, marked, and free their keys."""

    def __init__(self) -> None:
        self.rows: dict[int, D] = {}
        self._origins: dict[str, int] = {}
        self._numbers: dict[tuple[int, str], int] = {}
        self._contracts: dict[int, dict[int, None]] = {}
        self._children: dict[int, dict[int, None]] = {}
        self._next: dict[int, int] = {}
        self.freed_origins: set[str] = set()
        self.freed_numbers: set[tuple[int, str]] = set()

    def add(self, record: D) -> D:
        self.rows[record.id] = record
        self._contracts.setdefault(record.contract_id, {})[record.id] = None
        self._index(record)
        return record

    def change(self, record: D, values: Mapping[str, Any]) -> None:
        """Sets fields of a living record and keeps the look-ups in step."""
        self._forget(record)
        for name, value in values.items():
            setattr(record, name, value)
        self._index(record)

    def delete(self, record: D, at: datetime) -> None:
        self._forget(record)
        if record.origin_id is not None:
            self.freed_origins.add(record.origin_id)
        self.freed_numbers.add((record.contract_id, record.number))
        record.deleted_at = record.updated_at = at

    def restore(self, record: D, at: datetime) -> None:
        """A deleted record lives again; its keys must be free."""
        record.deleted_at, record.updated_at = None, at
        self._index(record)

    def get(self, record_id: int) -> D | None:
        """The living record."""
        record = self.rows.get(record_id)
        return None if record is None or record.deleted_at is not None else record

    def with_origin(self, origin_id: str) -> D | None:
        return self._row(self._origins.get(origin_id))

    def with_number(self, contract_id: int, number: str) -> D | None:
        return self._row(self._numbers.get((contract_id, number)))

    def of_contract(self, contract_id: int, *, deleted: bool = False) -> Iterator[D]:
        """The contract's records in the order in which they were made."""
        rows = (self.rows[one] for one in self._contracts.get(contract_id, ()))
        return rows if deleted else (row for row in rows if row.deleted_at is None)

    def below(self, parent_id: int) -> list[D]:
        """The living records whose parent that is."""
        return [self.rows[one] for one in self._children.get(parent_id, ())]

    def count(self, contract_id: int) -> int:
        """How many the contract ever had."""
        return len(self._contracts.get(contract_id, ()))

    def living(self) -> int:
        """How many there are in all contracts."""
        return sum(record.deleted_at is None for record in self.rows.values())

    def free_number(self, contract_id: int) -> str:
        """The next running number that nobody has taken."""
        number = self._next.get(contract_id, 1)
        while (contract_id, f"{number:03}") in self._numbers or (contract_id, f"{number:03}") in self.freed_numbers:
            number += 1
        self._next[contract_id] = number
        return f"{number:03}"

    def _row(self, record_id: int | None) -> D | None:
        return None if record_id is None else self.rows[record_id]

    def _index(self, record: D) -> None:
        if record.origin_id is not None:
            self._origins[record.origin_id] = record.id
        self._numbers[record.contract_id, record.number] = record.id
        if record.parent_id is not None:
            self._children.setdefault(record.parent_id, {})[record.id] = None

    def _forget(self, record: D) -> None:
        if record.origin_id is not None:
            self._origins.pop(record.origin_id, None)
        self._numbers.pop((record.contract_id, record.number), None)
        if record.parent_id is not None:
            self._children.get(record.parent_id, {}).pop(record.id, None)


class Lines:
    """The line items, by PCO and by ``origin_id``; deleted ones are gone."""

    def __init__(self) -> None:
        self.rows: dict[int, Line] = {}
        self._pcos: dict[int, dict[int, None]] = {}
        self._origins: dict[str, int] = {}

    def add(self, line: Line) -> Line:
        self.rows[line.id] = line
        self._pcos.setdefault(line.pco_id, {})[line.id] = None
        if line.origin_id is not None:
            self._origins[line.origin_id] = line.id
        return line

    def change(self, line: Line, values: Mapping[str, Any]) -> None:
        """Sets fields and keeps the look-ups in step."""
        if line.origin_id is not None:
            self._origins.pop(line.origin_id, None)
        for name, value in values.items():
            setattr(line, name, value)
        if line.origin_id is not None:
            self._origins[line.origin_id] = line.id

    def remove(self, line: Line) -> None:
        del self.rows[line.id]
        del self._pcos[line.pco_id][line.id]
        if line.origin_id is not None:
            self._origins.pop(line.origin_id, None)

    def free_origins(self, pco_id: int) -> None:
        """The PCO is deleted: what its lines were called can be used again."""
        for line in self.of(pco_id):
            if line.origin_id is not None:
                self._origins.pop(line.origin_id, None)

    def claim_origins(self, pco_id: int) -> None:
        """The PCO is restored."""
        for line in self.of(pco_id):
            if line.origin_id is not None:
                self._origins.setdefault(line.origin_id, line.id)

    def get(self, pco_id: int, line_id: int) -> Line | None:
        """The line if it belongs to that PCO."""
        line = self.rows.get(line_id)
        return line if line is not None and line.pco_id == pco_id else None

    def with_origin(self, origin_id: str) -> Line | None:
        found = self._origins.get(origin_id)
        return None if found is None else self.rows[found]

    def of(self, pco_id: int) -> list[Line]:
        """The PCO's lines in their order."""
        return [self.rows[one] for one in self._pcos.get(pco_id, ())]
