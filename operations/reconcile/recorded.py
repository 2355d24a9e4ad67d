"""The books of a project as they were at a time: what had been observed, told and written by then.

Only what was there by then counts: each observation, outcome and write keeps its time. When an account was last read is
the latest of the polls that poll state has told, of what was observed there, and of what the directory says of it; a
poll that changed nothing need not have been told, so that each read is at least that recent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, select

from operations.reconcile.books import Place, StatedAmounts
from operations.reconcile.evidence import ToldOutcome
from relay.domain.events import ChangeOrderObserved
from relay.domain.json_object import object_in
from relay.domain.outcomes import OutcomeKind
from relay.domain.text_folding import folded
from workers.views.amounts import decimal_of, milliseconds, time_of
from workers.views.folds.observed import read_content
from workers.views.tables import (
    AUDIT,
    CHANGE_ORDERS,
    DESTINATIONS,
    DIRECTORY,
    HOLDINGS,
    OBSERVATIONS,
    OUTCOMES,
    READS,
    SHARES,
    SUMS,
    WRITES,
)

_AT_ONCE: Final = 500
"""Keys of one query."""
_CLOSED: Final = "letter.settle"

SourceProject = tuple[str, str, str]
"""System, account and id of a project at a source."""


def in_parts(keys: Collection[str]) -> Iterator[list[str]]:
    """Keys in as many lists as queries need."""
    ordered = sorted(keys)
    for at in range(0, len(ordered), _AT_ONCE):
        yield ordered[at : at + _AT_ONCE]


def newest_events(
    connection: Connection, projects: Collection[SourceProject], at: datetime
) -> list[ChangeOrderObserved]:
    """Of each change order of these projects, and of our records there that go on, the newest observation by ``at``."""
    keys = [key for project in projects for key in _keys_of(connection, project)]
    return list(events_of(connection, keys, at))


def _keys_of(connection: Connection, project: SourceProject) -> Sequence[str]:
    system, account, number = project
    columns = CHANGE_ORDERS.c
    query = select(columns.change_order_key).where(
        columns.system == system,
        columns.account == account,
        columns.project == number,
        or_(columns.origin_id.is_(None), _goes_on()),
    )
    return connection.scalars(query).all()


def events_of(
    connection: Connection,
    keys: Collection[str],
    at: datetime,
    known: Mapping[str, ChangeOrderObserved] = MappingProxyType({}),
) -> Iterator[ChangeOrderObserved]:
    """The newest observation of each key by ``at``. ``known``: of some keys an observation that has been read."""
    columns = OBSERVATIONS.c
    for part in in_parts(keys):
        newest = (
            select(columns.change_order_key, func.max(columns.sequence).label("sequence"))
            .where(columns.change_order_key.in_(part), columns.observed_at <= milliseconds(at))
            .group_by(columns.change_order_key)
            .subquery()
        )
        same = and_(columns.change_order_key == newest.c.change_order_key, columns.sequence == newest.c.sequence)
        query = select(columns.change_order_key, columns.sequence, columns.content).join(newest, same)
        for key, sequence, content in connection.execute(query):
            read = known.get(key)
            yield read if read is not None and read.sequence == sequence else read_content(content)


def revisions(
    connection: Connection, since: Mapping[str, int], before: Mapping[str, int], at: datetime
) -> Iterator[ChangeOrderObserved]:
    """All observations by ``at`` of these change orders, beginning with a sequence of each, up to another of each."""
    columns = OBSERVATIONS.c
    for part in in_parts([key for key, sequence in since.items() if sequence < before[key]]):
        query = select(columns.change_order_key, columns.sequence, columns.content).where(
            columns.change_order_key.in_(part),
            columns.sequence >= min(since[key] for key in part),
            columns.observed_at <= milliseconds(at),
        )
        for key, sequence, content in connection.execute(query):
            if since[key] <= sequence < before[key]:
                yield read_content(content)


def first_seen(connection: Connection, keys: Collection[str]) -> dict[str, datetime]:
    """By change order when it was observed first, whatever has become of it since."""
    columns = CHANGE_ORDERS.c
    found = {}
    for part in in_parts(keys):
        query = select(columns.change_order_key, columns.first_seen_at).where(columns.change_order_key.in_(part))
        found.update({key: _time(at) for key, at in connection.execute(query) if at is not None})
    return found


def outcomes_of(connection: Connection, keys: Collection[str], at: datetime) -> dict[str, list[ToldOutcome]]:
    """What was told of change orders by ``at``, in its order."""
    found: dict[str, list[ToldOutcome]] = {}
    for part in in_parts(keys):
        query = (
            select(OUTCOMES)
            .where(OUTCOMES.c.change_order_key.in_(part), OUTCOMES.c.at <= milliseconds(at))
            .order_by(OUTCOMES.c.offset)
        )
        for row in connection.execute(query):
            found.setdefault(row.change_order_key, []).append(_told(row))
    return found


def _told(row: Any) -> ToldOutcome:
    return ToldOutcome(
        kind=OutcomeKind(row.kind),
        at=_time(row.at),
        sequence=row.sequence,
        origin_id=row.origin_id,
        reason=row.reason,
        sentence=row.sentence,
        letter_id=row.letter_id,
    )


def writes_of(connection: Connection, keys: Collection[str], at: datetime) -> Iterator[Any]:
    """Rows of writes by ``at``, the earliest first within a change order."""
    for part in in_parts(keys):
        query = (
            select(WRITES)
            .where(WRITES.c.change_order_key.in_(part), WRITES.c.at <= milliseconds(at))
            .order_by(WRITES.c.at, WRITES.c.write_id)
        )
        yield from connection.execute(query)


def record_ids(connection: Connection, origin_ids: Collection[str]) -> dict[str, str]:
    """By origin id the record that outcomes name."""
    columns = DESTINATIONS.c
    found: dict[str, str] = {}
    for part in in_parts(origin_ids):
        query = select(columns.origin_id, columns.record_id).where(columns.origin_id.in_(part))
        found |= {origin_id: record_id for origin_id, record_id in connection.execute(query) if record_id}
    return found


def closed_letters(connection: Connection, at: datetime) -> frozenset[str]:
    """Ids of letters that a person had ended without sending by ``at``."""
    query = select(AUDIT.c.details).where(AUDIT.c.action == _CLOSED, AUDIT.c.at <= milliseconds(at))
    return frozenset(filter(None, map(_letter_id, connection.scalars(query))))


def _letter_id(details: str) -> str | None:
    """``None``: it names none. Anybody may write there."""
    told = (object_in(details) or {}).get("letter_id")
    return told if isinstance(told, str) else None


# -- which projects and contracts


def named_projects(connection: Connection, name: str, sources: Collection[tuple[str, str]]) -> set[SourceProject]:
    """Projects of the sources that are called so: by id, name or number, there or at a target that they go to.

    Sums tell which projects there are: each change order that is no record of ours, or goes on, is a row of the log.
    """
    columns, called, sought = SUMS.c, _called(connection, name), folded(name)
    query = select(
        columns.system,
        columns.account,
        columns.project,
        columns.project_name,
        columns.target_system,
        columns.target_project,
    )
    found: set[SourceProject] = set()
    through: dict[SourceProject, set[tuple[str, str]]] = {}
    for row in connection.execute(query.distinct()):
        project = (row.system, row.account, row.project)
        if not row.project or project[:2] not in sources:
            continue
        is_called_so = row.project_name is not None and folded(row.project_name) == sought
        if row.project == name or is_called_so or (row.system, row.project) in called:
            found.add(project)
        elif row.target_project == name or (row.target_system, row.target_project) in called:
            through.setdefault(project, set()).add((row.target_system, row.target_project))
    return found | {project for project, named in through.items() if named & _own_targets(connection, project)}


def _own_targets(connection: Connection, project: SourceProject) -> set[tuple[str, str]]:
    """Systems and projects to which something of a source's own goes, not merely what is carried on from a record."""
    columns = CHANGE_ORDERS.c
    query = (
        select(SHARES.c.system, SHARES.c.project_id)
        .join(CHANGE_ORDERS, columns.change_order_key == SHARES.c.change_order_key)
        .where(
            columns.system == project[0],
            columns.account == project[1],
            columns.project == project[2],
            columns.origin_id.is_(None),
        )
    )
    return {(row.system, row.project_id) for row in connection.execute(query.distinct())}


def _goes_on() -> Any:
    """Whether something of a change order goes anywhere, as something of our own records does by some routes alone."""
    return (
        select(SHARES.c.change_order_key).where(SHARES.c.change_order_key == CHANGE_ORDERS.c.change_order_key).exists()
    )


def _called(connection: Connection, name: str) -> set[tuple[str, str]]:
    """Systems and ids of projects that the directory calls so."""
    columns, sought = DIRECTORY.c, folded(name)
    query = select(columns.system, columns.named, columns.number, columns.title).where(columns.kind == "project")
    # Databases know capitals and accents each in a way of their own.
    return {
        (row.system, row.named)
        for row in connection.execute(query)
        if row.number == name or (row.title is not None and folded(row.title) == sought)
    }


def projects_sharing(connection: Connection, places: Collection[Place]) -> set[SourceProject]:
    """Projects of sources of which something goes to one of these contracts, or has gone there."""
    found: set[SourceProject] = set()
    for place in places:
        for table in (SHARES, HOLDINGS):
            query = (
                select(CHANGE_ORDERS.c.system, CHANGE_ORDERS.c.account, CHANGE_ORDERS.c.project)
                .join(table, table.c.change_order_key == CHANGE_ORDERS.c.change_order_key)
                .where(*_at_place(table, place))
                .distinct()
            )
            found |= {(row.system, row.account, row.project) for row in connection.execute(query) if row.project}
    return found


def records_going_to(connection: Connection, places: Collection[Place]) -> set[tuple[str, str, str, str]]:
    """System, account, project and contract of records of ours of which something goes on to one of these contracts."""
    columns = CHANGE_ORDERS.c
    found: set[tuple[str, str, str, str]] = set()
    for place in places:
        query = (
            select(columns.system, columns.account, columns.project, columns.contract)
            .join(SHARES, SHARES.c.change_order_key == columns.change_order_key)
            .where(columns.origin_id.is_not(None), columns.contract.is_not(None), *_at_place(SHARES, place))
            .distinct()
        )
        for row in connection.execute(query):
            # A purchase order of CINX does not tell its project.
            project = "" if row.system == "cinx" else row.project or ""
            found.add((row.system, row.account, project, row.contract))
    return found


def keys_written_to(connection: Connection, places: Collection[Place]) -> set[str]:
    """Change orders of which something was written to one of these contracts."""
    return {
        key
        for place in places
        for key in connection.scalars(select(HOLDINGS.c.change_order_key).where(*_at_place(HOLDINGS, place)))
    }


def _at_place(table: Any, place: Place) -> tuple[Any, ...]:
    project = table.c.project_id == place.project if place.project else table.c.project_id.is_(None)
    return (
        table.c.system == place.system,
        table.c.account == place.account,
        table.c.contract == place.contract,
        project,
    )


# -- what the remotes say of themselves


def observed_records(
    connection: Connection, places: Collection[Place], at: datetime
) -> list[tuple[str | None, ChangeOrderObserved]]:
    """Records of these projects and purchase orders as they were last observed by ``at``, each with its contract."""
    columns = CHANGE_ORDERS.c
    found: dict[str, str | None] = {}
    for place in places:
        where = columns.project == place.project if place.system == "procore" else columns.contract == place.contract
        query = select(columns.change_order_key, columns.contract).where(
            columns.system == place.system, columns.account == place.account, where
        )
        found |= {row.change_order_key: row.contract for row in connection.execute(query)}
    return [(found[event.key], event) for event in events_of(connection, found, at)]


def stated_amounts(connection: Connection, place: Place) -> tuple[StatedAmounts, str | None]:
    """What the directory says of a contract, and of which kind it is."""
    query = select(DIRECTORY).where(
        DIRECTORY.c.system == place.system,
        DIRECTORY.c.account == place.account,
        DIRECTORY.c.named == place.contract,
        DIRECTORY.c.kind != "project",
    )
    row = connection.execute(query).first()
    if row is None:
        return StatedAmounts(), None
    stated = StatedAmounts(
        number=row.number,
        title=row.title,
        vendor=row.vendor,
        currency=row.currency,
        original=decimal_of(row.original_amount),
        approved=decimal_of(row.approved_changes),
        pending=decimal_of(row.pending_changes),
        revised=decimal_of(row.revised_amount),
        read_at=time_of(row.read_at),
    )
    return stated, row.kind


def project_names(
    connection: Connection, projects: Iterable[SourceProject], events: Iterable[ChangeOrderObserved]
) -> str:
    """``Tower B (2024-17)``: what the projects are called."""
    names = {(event.system, event.account, event.project): event.change_order.project_name for event in events}
    said = []
    for project in sorted(projects):
        query = select(DIRECTORY.c.number).where(
            DIRECTORY.c.system == project[0],
            DIRECTORY.c.account == project[1],
            DIRECTORY.c.named == project[2],
            DIRECTORY.c.kind == "project",
        )
        said.append(f"{names.get(project) or 'Project'} ({connection.scalar(query) or project[2]})")
    return ", ".join(said)


def last_poll(connection: Connection, system: str, account: str, at: datetime) -> datetime | None:
    """When an account was last polled by ``at``, as far as poll state has told."""
    of_account = (READS.c.system == system, READS.c.account == account)
    query = select(func.max(READS.c.polled_at)).where(*of_account, READS.c.polled_at <= milliseconds(at))
    return time_of(connection.scalar(query))


def _time(at: int) -> datetime:
    found = time_of(at)
    if found is None:
        raise ValueError("a time that is none")
    return found
