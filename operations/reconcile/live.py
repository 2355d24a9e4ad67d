"""What the source and the remotes say now, read as a guest within the budgets of commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from operations.audit import now
from operations.environment import Environment
from operations.reconcile.books import OurHolding, Place, Record, StatedAmounts, SystemRead
from operations.reconcile.cinx_records import read_pocos
from operations.reconcile.procore_records import ProcoreProject
from operations.reconcile.project import ProjectBooks
from operations.reconcile.recorded import SourceProject
from operations.reconcile.report import RemoteBooks
from operations.survey.calls import Calls, CallsSpent
from operations.survey.remotes import Client, Remote, opened
from relay.clients.cinx import CinxClient
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.procore import ProcoreClient
from relay.domain.change_order import Status
from relay.domain.commands import ContractKind
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.failures import CallFailure
from relay.domain.mapping import in_milliseconds
from relay.domain.routes import ProcoreTarget
from relay.domain.sources import constructiononline
from relay.domain.sources.reading import Reading
from relay.engine.configuration.accounts import Account

_A_MOMENT: Final = timedelta(seconds=2)
"""Procore's times are in whole seconds, and its clock is another."""
_NOT_CONFIGURED: Final = "its account is not in the configuration any more"


@dataclass(slots=True)
class _Found:
    events: list[ChangeOrderObserved] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    stated: dict[Place, StatedAmounts] = field(default_factory=dict)
    reads: list[SystemRead] = field(default_factory=list)
    cannot_tell: dict[Place, str] = field(default_factory=dict)


def read_remotes(environment: Environment, books: ProjectBooks, calls: Calls) -> RemoteBooks:
    """Everything that can be read now. What cannot is named in ``reads`` and ``cannot_tell``, never left out."""
    found = _Found(stated=dict(books.stated))
    accounts = environment.configuration.accounts()
    sources: dict[str, list[SourceProject]] = defaultdict(list)
    for project in sorted(books.projects):
        sources[f"{project[0]}:{project[1]}"].append(project)
    targets: dict[str, list[Place]] = defaultdict(list)
    for place in sorted(books.places):
        targets[f"{place.system}:{place.account}"].append(place)
    for key in [*sources, *(key for key in targets if key not in sources)]:
        reading = _Reading(environment, books, found, calls, key, accounts.get(key))
        reading.read(sources.get(key, []), targets.get(key, []))
    return RemoteBooks(
        records=found.records,
        stated=found.stated,
        reads=tuple(found.reads),
        cannot_tell=found.cannot_tell,
        events=found.events,
        calls=calls.made,
        live=True,
    )


class _Reading:
    """One account."""

    def __init__(
        self,
        environment: Environment,
        books: ProjectBooks,
        found: _Found,
        calls: Calls,
        key: str,
        account: Account | None,
    ) -> None:
        self._environment, self._books, self._found, self._calls = environment, books, found, calls
        self._key, self._account = key, account
        self._system, _, self._name = key.partition(":")

    def read(self, projects: list[SourceProject], places: list[Place]) -> None:
        """Reads the projects as a source and the contracts as a target; whatever fails is said."""
        began = in_milliseconds(now())
        why: str | None = _NOT_CONFIGURED
        if self._account is not None:
            with opened(self._key, self._account, self._environment.settings, self._calls) as remote:
                whys = [self._try(self._source, remote, projects), *self._targets(remote, places)]
                why = next((one for one in whys if one is not None), None)
        if why is not None and self._account is None:
            self._found.cannot_tell |= dict.fromkeys(places, why)
        read = SystemRead(system=self._system, account=self._name, at=began if why is None else None, why=why)
        self._found.reads.append(read)

    def _try(self, step: Callable[..., None], remote: Remote[Client], *about: object) -> str | None:
        try:
            step(remote, *about)
        except CallFailure as failure:
            return failure.message
        except CallsSpent as spent:
            return str(spent)
        return None

    # -- as a source

    def _source(self, remote: Remote[Client], projects: list[SourceProject]) -> None:
        for place, project in enumerate(projects):
            try:
                self._found.events += self._events(remote, project)
            except (CallFailure, CallsSpent):
                # What could not be read is as it was observed, and the report says that it was not read.
                self._found.events += [event for left in projects[place:] for event in self._seen(left)]
                raise

    def _seen(self, project: SourceProject) -> list[ChangeOrderObserved]:
        events = self._books.events.values()
        return [event for event in events if (event.system, event.account, event.project) == project]

    def _events(self, remote: Remote[Client], project: SourceProject) -> list[ChangeOrderObserved]:
        """Of another source than ConstructionOnline what was observed last is what it says."""
        seen, client = self._seen(project), remote.client
        if not isinstance(client, ConstructionOnlineClient):
            return seen
        number = int(project[2])
        headers = client.change_orders(project_id=number, terms=remote.terms)
        items: dict[str | None, list[Mapping[str, object]]] = defaultdict(list)
        for row in client.items(project_id=number, terms=remote.terms):
            items[constructiononline.parent_id(row.data)].append(row.data)
        read_at = in_milliseconds(now())
        readings = [
            constructiononline.read(row.data, items[constructiononline.record_id(row.data)])
            for row in headers
            if constructiononline.record_id(row.data) is not None
        ]
        before = {event.change_order_id: event for event in seen}
        return [self._event(reading, before, project, read_at) for reading in readings]

    def _event(
        self,
        reading: Reading,
        before: Mapping[str, ChangeOrderObserved],
        project: SourceProject,
        at: datetime,
    ) -> ChangeOrderObserved:
        shown = reading.change_order
        known = before.get(shown.change_order_id)
        if known is not None and known.change_order == shown and known.change is not Change.DELETED:
            return known
        return ChangeOrderObserved(
            event_id="",
            system=project[0],
            account=project[1],
            change_order_id=shown.change_order_id,
            project=shown.project,
            sequence=known.sequence if known else 0,
            fingerprint="",
            fingerprint_version=0,
            change=Change.UPDATED,
            observed_at=at,
            source_modified_at=reading.modified_at,
            change_order=shown,
        )

    # -- as a target

    def _targets(self, remote: Remote[Client], places: list[Place]) -> Iterator[str | None]:
        groups: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            groups[place.project].append(place)
        for project, group in groups.items():
            why = self._try(self._target, remote, project, group)
            if why is not None:
                self._found.cannot_tell |= dict.fromkeys(group, why)
            yield why

    def _target(self, remote: Remote[Client], project: str, places: list[Place]) -> None:
        written = [
            one for one in self._books.written.values() if (one.system, one.account) == (self._system, self._name)
        ]
        if isinstance(remote.client, ProcoreClient):
            kinds = self._kinds()
            records, stated = ProcoreProject(remote.client, remote.terms, int(project), places, written, kinds).read()
            self._found.stated |= stated
        elif isinstance(remote.client, CinxClient):
            records = list(read_pocos(remote.client, remote.terms, places))
        else:
            return
        self._found.records += records
        self._found.records += _gone(records, written, places)

    def _kinds(self) -> dict[str, ContractKind]:
        """By contract, as routes name it."""
        targets = (target for route in self._books.routing.routes for target in route.targets)
        return {
            str(target.destination.contract_id): target.destination.contract
            for target in targets
            if isinstance(target, ProcoreTarget) and target.account == self._name
        }


def _gone(records: Collection[Record], written: Iterable[OurHolding], places: Collection[Place]) -> Iterator[Record]:
    """What was written to these contracts, and is in none of their lists, is not there any more."""
    read_at = in_milliseconds(now())
    ids, origins = {record.record_id for record in records}, {record.origin_id for record in records}
    for one in written:
        at = [place for place in places if (place.project, place.contract) == (one.project, one.contract)]
        if at and one.origin_id not in origins and not ids & one.record_ids:
            yield Record(
                record_id=min(one.record_ids, default=""),
                number=None,
                title=None,
                place=at[0],
                origin_id=one.origin_id,
                currency=one.currency,
                status=Status.VOID,
                status_raw=None,
                total=None,
                read_at=read_at,
                deleted=True,
            )
