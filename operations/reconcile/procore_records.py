"""The change orders and contracts of one Procore project, as they are now.

One list shows all change orders with their amounts; a record is read by itself, with its lines, where it is not as it
was last accepted, or was changed since. Our own login is asked for once: what it has made, and no write tells of, is
read for the mark that it carries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from operations.audit import now
from operations.reconcile.books import IN_NONE, OurHolding, Place, Record, StatedAmounts
from operations.reconcile.edits import counted_as
from operations.reconcile.records import record_of
from relay.clients.http.terms import CallTerms
from relay.clients.procore import PotentialChangeOrderRow, ProcoreClient
from relay.domain.change_order import Status
from relay.domain.commands import ContractKind
from relay.domain.mapping import in_milliseconds
from relay.domain.sources import procore, procore_marks

_A_MOMENT: Final = timedelta(seconds=2)
"""Procore's times are in whole seconds, and its clock is another."""


class ProcoreProject:
    """The change orders and contracts of one project."""

    def __init__(
        self,
        client: ProcoreClient,
        terms: CallTerms,
        project: int,
        places: Collection[Place],
        written: Iterable[OurHolding],
        kinds: Mapping[str, ContractKind],
    ) -> None:
        self._client, self._terms, self._project = client, terms, project
        self._places = {place.contract: place for place in places}
        self._written = {record_id: one for one in written for record_id in one.record_ids}
        self._kinds = kinds
        self._login: int | None = None

    def read(self) -> tuple[list[Record], dict[Place, StatedAmounts]]:
        """Records and what their contracts are said to amount to. Raises ``CallFailure`` and ``CallsSpent``."""
        listed_at = in_milliseconds(now())
        rows = self._client.potential_change_orders.find(self._project, terms=self._terms)
        wanted = [row for row in rows if str(row.contract_id) in self._places and row.deleted_at is None]
        records = [self._record(row, self._places[str(row.contract_id)], listed_at) for row in wanted]
        return records, dict(self._contracts())

    def _contracts(self) -> Iterator[tuple[Place, StatedAmounts]]:
        for number, place in self._places.items():
            kind = self._kinds.get(number)
            if kind is None:
                continue
            contract = self._client.contracts.show(self._project, kind, int(number), terms=self._terms)
            if contract is not None:
                yield (
                    place,
                    StatedAmounts(
                        number=contract.number,
                        title=contract.title,
                        vendor=contract.vendor,
                        currency=contract.currency,
                        original=contract.original_amount,
                        approved=contract.approved_changes,
                        pending=contract.pending_changes,
                        revised=contract.revised_amount,
                        read_at=in_milliseconds(now()),
                    ),
                )

    def _record(self, row: PotentialChangeOrderRow, place: Place, listed_at: datetime) -> Record:
        """``listed_at``: from when on the row is; what the relay writes while others are read is not in it."""
        written = self._written.get(str(row.id))
        if written is not None and _is_as_written(row, written):
            return _of_row(row, place, written.origin_id, listed_at)
        if written is None and row.created_by_id not in {None, self._own_login()}:
            return _of_row(row, place, None, listed_at)
        shown_at = in_milliseconds(now())
        shown = self._client.potential_change_orders.show(
            self._project, row.contract_id or 0, row.id, terms=self._terms
        )
        lines = self._client.line_items.find(self._project, row.id, terms=self._terms) if shown.lines else []
        reading = procore.read(shown.native.data, [line.native.data for line in lines], str(self._project))
        return record_of(
            reading.change_order,
            place,
            origin_id=written.origin_id if written else procore_marks.our_origin_id(shown.native.data),
            read_at=shown_at,
            changed_at=row.updated_at,
            package=_package(row),
        )

    def _own_login(self) -> int | None:
        if self._login is None:
            self._login = self._client.probe_tenant(terms=self._terms).id
        return self._login


def _is_as_written(row: PotentialChangeOrderRow, written: OurHolding) -> bool:
    """Whether the row shows what was last accepted, and nobody has touched the record since."""
    same_status = counted_as("procore", row.status) == counted_as("procore", written.status)
    untouched = row.updated_at is not None and row.updated_at <= written.at + _A_MOMENT
    return row.grand_total == written.total and same_status and untouched


def _of_row(row: PotentialChangeOrderRow, place: Place, origin_id: str | None, read_at: datetime) -> Record:
    return Record(
        record_id=str(row.id),
        number=row.number,
        title=row.title,
        place=place,
        origin_id=origin_id,
        currency=row.currency,
        status=procore.STATUSES.get(row.status or "", Status.UNKNOWN),
        status_raw=row.status,
        total=row.grand_total,
        read_at=read_at,
        changed_at=row.updated_at,
        package=_package(row),
    )


def _package(row: PotentialChangeOrderRow) -> str:
    return row.package_acronym_number or row.package_title or IN_NONE
