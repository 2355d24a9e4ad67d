"""What has to be compared together: the projects, contracts and records that a project's change orders lead to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from operations.reconcile import recorded
from operations.reconcile.books import Place, SourceShare
from operations.reconcile.onward import goes_on, is_onward, named_place
from operations.reconcile.recorded import SourceProject
from operations.reconcile.source_shares import carried_on, source_shares_of
from relay.domain.events import ChangeOrderObserved
from relay.domain.routes import Routing
from relay.domain.side import side_of_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Newest observations and their shares are by key; ``standing``: keys of what stands at a contract and goes on."""

    projects: frozenset[SourceProject]
    places: frozenset[Place]
    shares: Mapping[str, list[SourceShare]]
    events: Mapping[str, ChangeOrderObserved]
    standing: frozenset[str]


def connected_to(
    connection: Connection,
    routing: Routing,
    projects: set[SourceProject],
    sources: Collection[tuple[str, str]],
    at: datetime,
) -> Connected:
    """What is connected to ``projects``, in accounts that are ``sources``.

    A contract may get change orders of several projects: then all of them, or it could not be compared. What stands at
    one contract may go on to others.
    """
    shares: dict[str, list[SourceShare]] = {}
    standing: dict[str, ChangeOrderObserved] = {}
    feeding: set[Place] = set()
    while True:
        events = {event.key: event for event in recorded.newest_events(connection, projects, at)} | standing
        shares |= {key: source_shares_of(event, routing) for key, event in events.items() if key not in shares}
        shares |= {key: carried_on(shares[key]) for key in standing}
        places = _routed_places(shares) | feeding
        before = _feeding(connection, places, routing)
        more = recorded.projects_sharing(connection, places | before)
        more = {project for project in more if project[:2] in sources} | projects
        starts = {one for one in places | before if goes_on(one, routing) or _project_of(one) in more}
        found = _standing(recorded.observed_records(connection, starts, at), starts)
        if more == projects and before <= places and found.keys() <= standing.keys():
            return Connected(
                projects=frozenset(projects),
                places=frozenset(places),
                shares=shares,
                events=events,
                standing=frozenset(standing),
            )
        projects, feeding, standing = more, feeding | before, standing | found


def _project_of(place: Place) -> SourceProject:
    return place.system, place.account, place.project


def _feeding(connection: Connection, places: Collection[Place], routing: Routing) -> set[Place]:
    """Where records of ours stand that go on to these contracts."""
    found = set()
    for where in recorded.records_going_to(connection, places) if is_onward(routing) else ():
        system, account, project, contract = where
        place = Place(side="cost", system=system, account=account, project=project, contract=contract)
        found.add(named_place(where, routing) or on_its_side(connection, place))
    return found


def _standing(
    records: Iterable[tuple[str | None, ChangeOrderObserved]], places: Collection[Place]
) -> dict[str, ChangeOrderObserved]:
    """Records at these contracts; of one of ours it need not be told at which."""
    contracts = {(one.system, one.account, one.contract) for one in places}
    return {
        event.key: event
        for contract, event in records
        if (event.system, event.account, contract) in contracts or (contract is None and event.origin_id is not None)
    }


def _routed_places(shares: Mapping[str, Iterable[SourceShare]]) -> set[Place]:
    return {share.place for found in shares.values() for share in found if share.place.is_contract}


def on_its_side(connection: Connection, place: Place) -> Place:
    """The place on the side that its contract's kind tells."""
    return replace(place, side=side_of_kind(recorded.stated_amounts(connection, place)[1]).value)
