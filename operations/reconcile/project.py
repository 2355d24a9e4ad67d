"""What of the tables a project's books need, and who can say why something is not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection

from operations.errors import Refused
from operations.reconcile import recorded
from operations.reconcile.books import OurHolding, Place, SourceShare, StatedAmounts
from operations.reconcile.causes import Cause
from operations.reconcile.connected import connected_to, on_its_side
from operations.reconcile.entries import NONE_TOLD, AtPlace, UnderWay
from operations.reconcile.evidence import Evidence, ToldOutcome, Why, evidence
from operations.reconcile.named import projects_meant
from operations.reconcile.onward import fed_unseen
from operations.reconcile.recorded import SourceProject
from operations.reconcile.source_shares import carried_on, source_shares_of
from operations.reconcile.written import written_by_origin
from operations.reports.statements import ANYTHING, ShownHold, read_holds
from operations.reports.tables import ReadTables
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import OutcomeKind
from relay.domain.route_names import RouteNames
from relay.domain.routes import Routing

_ENDED: Final = frozenset({OutcomeKind.APPLIED, OutcomeKind.UNCHANGED, OutcomeKind.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectBooks:
    """As they were at ``at``. ``events`` by key, as are their ``shares``; ``places``: every contract that the project
    goes to, or went to. ``standing``: keys of records at one of these that are a source of others; ``cannot_tell``: of
    contracts that what stands at others goes on to, why it is not known what.
    """

    connection: Connection
    routing: Routing
    at: datetime
    projects: frozenset[SourceProject]
    events: Mapping[str, ChangeOrderObserved]
    shares: Mapping[str, Sequence[SourceShare]]
    told: Mapping[str, Sequence[ToldOutcome]]
    closed: frozenset[str]
    holds: Sequence[ShownHold]
    written: Mapping[str, OurHolding]
    places: frozenset[Place]
    stated: Mapping[Place, StatedAmounts]
    standing: frozenset[str]
    cannot_tell: Mapping[Place, str]

    @property
    def followed(self) -> Iterator[ChangeOrderObserved]:
        """The newest observations of the projects, and of what stands at a contract and goes on."""
        return (
            event
            for event in self.events.values()
            if event.key in self.standing or (event.system, event.account, event.project) in self.projects
        )

    def shares_at(self, event: ChangeOrderObserved) -> list[SourceShare]:
        """The shares of an observation, whether or not it is the newest of its change order."""
        shares = source_shares_of(event, self.routing)
        return carried_on(shares) if event.key in self.standing else shares

    def evidence_of(self, key: str, origin_id: str | None, last_read: datetime | None) -> Evidence:
        """Why the newest revision is not at a place, whose account was last read then, as the source says."""
        event = self.events.get(key)
        if event is None:
            return NONE_TOLD
        hold = next((_why(hold) for hold in self.holds if _is_held(hold, event, origin_id, self.written)), None)
        told = self.told.get(key, ())
        return evidence(told, origin_id, event, closed=self.closed, hold=hold, last_read=last_read)

    def under_way_of(self, asked: Collection[AtPlace]) -> dict[AtPlace, UnderWay]:
        """What the revisions since the last that came to its end would write at each place that is asked for."""
        since = {at_place: self._unended(*at_place) for at_place in asked}
        least: dict[str, int] = {}
        for (key, _), sequence in since.items():
            least[key] = min(sequence, least.get(key, sequence))
        newest = {key: event.sequence for key, event in self.events.items()}
        shown = defaultdict(list, {key: [(event, self.shares[key])] for key, event in self.events.items()})
        for event in recorded.revisions(self.connection, least, newest, self.at):
            shown[event.key].append((event, self.shares_at(event)))
        return {
            (key, origin_id): _would_write(
                [(event, shares) for event, shares in shown[key] if event.sequence >= sequence], origin_id
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
    connected = connected_to(connection, routing, projects, sources, at)
    keys = connected.events.keys() | recorded.keys_written_to(connection, connected.places)
    written = written_by_origin(recorded.writes_of(connection, keys, at))
    places = set(connected.places)
    places |= {_side_by_kind(connection, places, one) for one in written.values()}
    written = _with_ids(written, recorded.record_ids(connection, written.keys()))
    seen = {(event.system, event.account) for event in connected.events.values()}
    seen |= {(one.system, one.account) for one in places if recorded.last_poll(connection, one.system, one.account, at)}
    cannot_tell = dict(fed_unseen(places, routing, seen))
    places |= cannot_tell.keys()
    others = {event.key: event for event in recorded.events_of(connection, keys - connected.events.keys(), at)}
    return ProjectBooks(
        connection=connection,
        routing=routing,
        at=at,
        projects=connected.projects,
        events={**connected.events, **others},
        shares={**connected.shares, **{key: source_shares_of(event, routing) for key, event in others.items()}},
        told=recorded.outcomes_of(connection, keys, at),
        closed=recorded.closed_letters(connection, at),
        holds=[hold for hold in read_holds(tables, at, RouteNames(routing.routes).of_target) if hold.since <= at],
        written=written,
        places=frozenset(places),
        stated={place: recorded.stated_amounts(connection, place)[0] for place in places},
        standing=connected.standing,
        cannot_tell=cannot_tell,
    )


def _side_by_kind(connection: Connection, places: Collection[Place], written: OurHolding) -> Place:
    place = place_written(places, written)
    return place if place in places else on_its_side(connection, place)


def _with_ids(written: Mapping[str, OurHolding], record_ids: Mapping[str, str]) -> dict[str, OurHolding]:
    """With the records that outcomes name, too."""
    return {
        name: replace(one, record_ids=one.record_ids | {record_ids[name]}) if name in record_ids else one
        for name, one in written.items()
    }


def _would_write(shown: Iterable[tuple[ChangeOrderObserved, Sequence[SourceShare]]], origin_id: str | None) -> UnderWay:
    amounts: set[Decimal] = set()
    statuses: set[str] = set()
    for event, shares in shown:
        items = event.change_order.items
        amounts |= {amount for item in items for amount in (item.cost, item.client_price) if amount is not None}
        mine = [share for share in shares if share.origin_id == origin_id]
        amounts |= {share.amount for share in mine if share.amount is not None}
        statuses |= {share.status_meant or "void" for share in mine}
    return UnderWay(amounts=frozenset(amounts), statuses=frozenset(statuses))


def _is_held(
    hold: ShownHold, event: ChangeOrderObserved, origin_id: str | None, written: Mapping[str, OurHolding]
) -> bool:
    """As the writers see it: of a record of ours every hold of a project of its root's account, since it tells none."""
    if event.root is not None and hold.subject.startswith(f"{event.root.rpartition(':')[0]}/project:"):
        return True
    return hold.subject in _subjects(event, origin_id, written)


def _subjects(event: ChangeOrderObserved, origin_id: str | None, written: Mapping[str, OurHolding]) -> set[str]:
    """By what a hold may name it."""
    subjects = {ANYTHING, event.key, event.root or event.key, f"{event.system}:{event.account}/project:{event.project}"}
    if origin_id is not None:
        subjects.add(origin_id.rpartition(":")[2])
    one = written.get(origin_id or "")
    if one is not None:
        subjects |= {f"{one.system}:{one.account}", f"{one.system}:{one.account}/project:{one.project}"}
    return subjects


def _why(hold: ShownHold) -> Why:
    sentence = f"{hold.person} holds {hold.what}: {hold.reason}"
    return Why(cause=Cause.ON_HOLD, sentence=sentence, since=hold.since)
