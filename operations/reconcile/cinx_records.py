"""The POCOs of purchase orders at CINX, as they are now."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from operations.audit import now
from operations.reconcile.books import Place, Record
from operations.reconcile.records import record_of
from operations.survey.calls import CallsSpent
from relay.clients.cinx import CinxClient
from relay.clients.http.terms import CallTerms
from relay.domain.mapping import in_milliseconds
from relay.domain.sources import cinx


def read_pocos(client: CinxClient, terms: CallTerms, places: Collection[Place]) -> Iterator[Record]:
    """Every one: only its detail shows what it is worth. Raises ``CallFailure``, and ``CallsSpent``."""
    by_number = {place.contract: place for place in places}
    listing = client.pocos(terms=terms)
    if not listing.whole:
        raise CallsSpent("CINX's list of POCOs ended before its end, so that some may be missing")
    for row in listing.rows:
        place = by_number.get(row.po_number or "")
        # Before the call: what is written while it waits its turn is not in its answer.
        shown_at = in_milliseconds(now())
        poco = client.poco(row.guid, terms=terms) if place is not None else None
        if place is None or poco is None:
            continue
        reading = cinx.read(poco.native.data)
        yield record_of(
            reading.change_order,
            place,
            origin_id=reading.own.origin_id if reading.own else None,
            read_at=shown_at,
            changed_at=None,
        )
