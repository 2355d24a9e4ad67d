"""What of the tables a project's books need, and who can say why something is not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection

from operations.errors import Refused
from operations.reconcile import recorded
from operations.reconcile.books import Claim, OurHolding, Place, StatedAmounts
from operations.reconcile.causes import Cause
from operations.reconcile.claims import claims_of
from operations.reconcile.entries import NONE_TOLD, AtPlace, UnderWay
from operations.reconcile.evidence import Evidence, ToldOutcome, Why, evidence
from operations.reconcile.named import projects_meant
from operations.reconcile.onward import fed_by_our_records
from operations.reconcile.recorded import SourceProject
from operations.reconcile.written import written_by_origin
from operations.reports.statements import ANYTHING, ShownHold, read_holds
from operations.reports.tables import ReadTables
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import OutcomeKind
from relay.domain.routes import Routing

_ENDED: Final = frozenset({OutcomeKind.APPLIED, OutcomeKind.UNCHANGED, OutcomeKind.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectBooks:
    """As they were at ``at``. ``events`` by key, as are their ``claims``; ``places``: every contract that the project
    goes to, or went to.
    """

    connection: Connection
    routing: Routing
    at: datetime
    projects: frozenset[SourceProject]
    events: Mapping[str, ChangeOrderObserved]
    claims: Mapping[str, Sequence[Claim]]
    told: Mapping[str, Sequence[ToldOutcome]]
    closed: frozenset[str]
    holds: Sequence[ShownHold]
    written: Mapping[str, OurHolding]
    places: frozenset[Place]
    stated: Mapping[Place, StatedAmounts]

    def evidence_of(self, key: str, origin_id: str | None, last_read: datetime | None) -> Evidence:
        """Why the newest revision is not at a place, whose account was last read then, as the source says."""
        event = self.events.get(key)
        if event is None:
            return NONE_TOLD
        hold = next(
            (_why(hold) for hold in self.holds if hold.subject in _subjects(event, origin_id, self.written)), None
        )
        told = self.told.get(key, ())
        return evidence(told, origin_id, event, closed=self.closed, hold=hold, last_read=last_read)

    def under_way_of(self, asked: Collection[AtPlace]) -> dict[AtPlace, UnderWay]:
        """What the revisions since the last that came to its end would write at each place that is asked for."""
        since = {at_place: self._unended(*at_place) for at_place in asked}
        least: dict[str, int] = {}
        for (key, _), sequence in since.items():
            least[key] = min(sequence, least.get(key, sequence))
        newest = {key: event.sequence for key, event in self.events.items()}
        shown = defaultdict(list, {key: [(event, self.claims[key])] for key, event in self.events.items()})
        for event in recorded.revisions(self.connection, least, newest, self.at):
            shown[event.key].append((event, claims_of(event, self.routing)))
        return {
            (key, origin_id): _would_write(
                [(event, claims) for event, claims in shown[key] if event.sequence >= sequence], origin_id
            )
            for (key, origin_id), sequence in since.items()
        }

    def _unended(self, key: str, origin_id: str | None) -> int:
        """The first sequence behind the last that came to its end at a place."""
        newest = self.events[key].sequence
        return 1 + max(
            (
                one.sequence
                for one in self.told.get(key, ())
                if one.origin_id == origin_id and one.kind in _ENDED and one.sequence < newest
            ),
            default=-1,
        )

    def place_of(self, written: OurHolding) -> Place:
        """Where it was written, on the side on which that contract is."""
        return place_written(self.places, written)


def place_written(places: Collection[Place], written: OurHolding) -> Place:
    """The contract of these that was written to."""
    where = (written.system, written.account, written.project, written.contract)
    found = next((one for one in places if (one.system, one.account, one.project, one.contract) == where), None)
    return found or Place(
        side="cost", system=written.system, account=written.account, project=written.project, contract=written.contract
    )


def read_books(tables: ReadTables, routing: Routing, name: str, at: datetime) -> ProjectBooks:
    """Those of the project that is called so. Raises ``Refused`` where nothing was seen of one, or several fit."""
    connection = tables.connection
    sources = {(route.source.system, route.source.account) for route in routing.routes}
    sources |= {(system, account) for key in routing.unrouted for system, _, account in [key.partition(":")]}
    projects = projects_meant(connection, name, sources)
    if not projects:
        raise Refused(
            f"nothing was seen of a project {name!r}: give its number, id or name, at the source or the target, as "
            "`cor log` shows it"
        )
    claims: dict[str, list[Claim]] = {}
    projects, events = _closure(connection, routing, projects, sources, at, claims)
    keys = {event.key for event in events}
    places = _routed_places(claims)
    places |= fed_by_our_records(places, routing).keys()
    keys |= recorded.keys_written_to(connection, places)
    written = written_by_origin(recorded.writes_of(connection, keys, at))
    places |= {_side_by_kind(connection, places, one) for one in written.values()}
    written = _with_ids(written, recorded.record_ids(connection, written.keys()))
    known = {event.key: event for event in events}
    known |= {event.key: event for event in recorded.events_of(connection, keys - known.keys(), at)}
    return ProjectBooks(
        connection=connection,
        routing=routing,
        at=at,
        projects=frozenset(projects),
        events=known,
        claims=claims | {key: claims_of(event, routing) for key, event in known.items() if key not in claims},
        told=recorded.outcomes_of(connection, keys, at),
        closed=recorded.closed_letters(connection, at),
        holds=[hold for hold in read_holds(tables, at) if hold.since <= at],
        written=written,
        places=frozenset(places),
        stated={place: recorded.stated_amounts(connection, place)[0] for place in places},
    )


def _closure(
    connection: Connection,
    routing: Routing,
    projects: set[SourceProject],
    sources: Collection[tuple[str, str]],
    at: datetime,
    claims: dict[str, list[Claim]],
) -> tuple[set[SourceProject], list[ChangeOrderObserved]]:
    """A contract may get change orders of several projects: then all of them, or it could not be compared. ``claims``
    gets those of each.
    """
    while True:
        events = recorded.newest_events(connection, projects, at)
        claims |= {event.key: claims_of(event, routing) for event in events if event.key not in claims}
        more = recorded.projects_sharing(connection, _routed_places(claims))
        more = {project for project in more if project[:2] in sources}
        if more <= projects:
            return projects, events
        projects = projects | more


def _routed_places(claims: Mapping[str, Iterable[Claim]]) -> set[Place]:
    return {claim.place for found in claims.values() for claim in found if claim.place.is_contract}


def _side_by_kind(connection: Connection, places: Collection[Place], written: OurHolding) -> Place:
    place = place_written(places, written)
    if place in places:
        return place
    kind = recorded.stated_amounts(connection, place)[1]
    side = "owner" if kind == "prime_contract" else "cost"
    return Place(side=side, system=place.system, account=place.account, project=place.project, contract=place.contract)


def _with_ids(written: Mapping[str, OurHolding], record_ids: Mapping[str, str]) -> dict[str, OurHolding]:
    """With the records that outcomes name, too."""
    return {
        name: replace(one, record_ids=one.record_ids | {record_ids[name]}) if name in record_ids else one
        for name, one in written.items()
    }


def _would_write(shown: Iterable[tuple[ChangeOrderObserved, Sequence[Claim]]], origin_id: str | None) -> UnderWay:
    amounts: set[Decimal] = set()
    statuses: set[str] = set()
    for event, claims in shown:
        items = event.change_order.items
        amounts |= {amount for item in items for amount in (item.cost, item.client_price) if amount is not None}
        mine = [claim for claim in claims if claim.origin_id == origin_id]
        amounts |= {claim.amount for claim in mine if claim.amount is not None}
        statuses |= {claim.status_meant or "void" for claim in mine}
    return UnderWay(amounts=frozenset(amounts), statuses=frozenset(statuses))


def _subjects(event: ChangeOrderObserved, origin_id: str | None, written: Mapping[str, OurHolding]) -> set[str]:
    """By what a hold may name it."""
    subjects = {ANYTHING, event.key, f"{event.system}:{event.account}/project:{event.project}"}
    if origin_id is not None:
        subjects.add(origin_id.rpartition(":")[2])
    one = written.get(origin_id or "")
    if one is not None:
        subjects |= {f"{one.system}:{one.account}", f"{one.system}:{one.account}/project:{one.project}"}
    return subjects


def _why(hold: ShownHold) -> Why:
    sentence = f"{hold.person} holds {hold.what}: {hold.reason}"
    return Why(cause=Cause.ON_HOLD, sentence=sentence, since=hold.since)
