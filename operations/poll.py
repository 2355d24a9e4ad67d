"""``cor poll``: asks the running poller to look now, or looks in its place and publishes nothing."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from operations.audit import AuditedTransaction, now
from operations.discover.command import configured_accounts
from operations.environment import Environment
from operations.holds.standing import ControlReader, living
from operations.survey.calls import Calls, CallsSpent
from operations.survey.remotes import Client, opened
from producers.changes.detection import observations
from producers.changes.published_events import PublishedEvents
from producers.cinx.source import CinxSource
from producers.constructiononline.pace import Pace
from producers.constructiononline.source import ConstructionOnlineSource
from producers.poll_state import blank
from producers.procore.projects import WantedProjects, wanted_projects
from producers.procore.source import ProcoreSource
from producers.restored_states import restored_states
from producers.source import Source, UnreadableRow
from relay.clients.cinx import CinxClient
from relay.clients.procore import ProcoreClient
from relay.domain.control import Control, PollRequest
from relay.domain.events import ChangeOrderObserved
from relay.domain.failures import Throttled
from relay.domain.identity import tenant_partition
from relay.engine.configuration import CinxAccount
from relay.engine.configuration.accounts import Account
from relay.engine.kafka import Outgoing, Partition
from relay.engine.topics import CONTROL, CURRENT, OBSERVED, POLL_STATE

_PAUSE: Final = 0.3
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of a wish. ``pollers`` are the instances that look for the account now; none: nobody does."""

    request: PollRequest
    pollers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPreview:
    """What a poll would bring. ``deletions``: what would be asked before anything of it is published.

    ``failed``: rows of which no event can be made. ``unread``: change orders that are to be read another time.
    """

    events: tuple[ChangeOrderObserved, ...]
    deletions: str | None
    failed: tuple[str, ...]
    unread: int


class BoundedPoll(Calls):
    """The calls of one poll; when they are spent, the poll ends as it does where a rate budget is."""

    def begin(self, sent: str) -> None:
        """Takes the next call. Raises ``Throttled`` where there may be no further one."""
        try:
            super().begin(sent)
        except CallsSpent as spent:
            raise Throttled(str(spent), wait_seconds=0.0) from spent


def ask(environment: Environment, account: str, projects: Collection[str], *, who: str, seconds: float) -> Asked:
    """Asks the poller of ``account`` (``{system}:{name}``) to look now, and waits until it has heard.

    Raises ``WrongUsage`` for an account that is not configured.
    """
    _configured(environment, account)
    environment.counts([CONTROL])
    system, _, name = account.partition(":")
    request = PollRequest(
        request_id=str(uuid.uuid4()), system=system, account=name, projects=tuple(projects), person=who, at=now()
    )
    control, topic = Control(poll=request), environment.name(CONTROL)
    outgoing = Outgoing(topic, control.key.encode(), environment.codec.encode(control, topic), 0)
    with AuditedTransaction(environment, who, "") as transaction:
        details = {"request_id": request.request_id, "projects": list(projects)}
        places = transaction.commit([outgoing], [transaction.action(account, "poll.ask", details)])
    return Asked(request=request, pollers=_heard(environment, account, places[0][1] + 1, seconds))


def _heard(environment: Environment, account: str, offset: int, seconds: float) -> tuple[str, ...]:
    reader, until = ControlReader(environment), time.monotonic() + seconds
    stage = f"poll-{account.partition(':')[0]}"
    try:
        while True:
            owners = [
                member
                for member in living(reader.look(), now())
                if member.stage == stage and account in member.owns and member.control_offset >= offset
            ]
            if owners or time.monotonic() >= until:
                return tuple(f"{member.stage} {member.instance}" for member in owners)
            time.sleep(_PAUSE)
    finally:
        reader.close()


def look(environment: Environment, account: str, projects: Collection[str], calls: BoundedPoll) -> PollPreview:
    """Polls in the poller's place, as a guest: from its state, by its code, and nothing is kept or published.

    Raises the ``CallFailure`` that the account has, ``WrongUsage`` for one that is not configured.
    """
    configured = _configured(environment, account)
    system, _, name = account.partition(":")
    count = environment.counts([POLL_STATE, OBSERVED, CURRENT])[POLL_STATE]
    place = Partition(environment.name(POLL_STATE), tenant_partition(system, name, count))
    states = restored_states(environment.connection, environment.codec, place, system)
    state = states.get(name) or blank(system, name)
    published = PublishedEvents(
        environment.connection, environment.codec, environment.name(OBSERVED), environment.name(CURRENT)
    )
    failed: list[UnreadableRow] = []
    with opened(account, configured, environment.settings, calls) as remote:
        source = _source(environment, name, configured, remote.client, projects)
        result = source.poll(state, sweep=False)
        if result.question is not None:
            return PollPreview(events=(), deletions=result.question.sentence, failed=(), unread=0)
        found = observations(state, result, published, source.read_raw, failed)
    events = [observation.event for observation in found if observation.event is not None]
    return PollPreview(
        events=tuple(event for event in events if not projects or event.project in projects),
        deletions=None,
        failed=tuple(row.why for row in (*result.unreadable, *failed)),
        unread=len(result.postponed),
    )


def _source(environment: Environment, name: str, account: Account, client: Client, projects: Collection[str]) -> Source:
    if isinstance(client, ProcoreClient):
        named = frozenset(int(project) for project in projects if project.isdecimal())
        wanted = WantedProjects(named=named) if projects else wanted_projects(environment.configuration.routing, name)
        return ProcoreSource(name, client, lambda: wanted)
    if isinstance(client, CinxClient):
        return CinxSource(client, page=account.poco_page if isinstance(account, CinxAccount) else None)
    return ConstructionOnlineSource(client, Pace())


def _configured(environment: Environment, account: str) -> Account:
    return configured_accounts(environment.settings.configuration_file(), account)[account]
