"""What is read of an account before anything is ordered for it: whether it may be used, and what its POCO import takes.

What the routes set is compared with the live template at once, so that a wrong field is not met only by a change order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from relay.clients.cinx import CinxClient, Template
from relay.clients.http.terms import CallTerms
from relay.domain.routes import CinxTarget, Route, Routing
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Reject
from workers.cinx_submitter.cache.cache import RemoteCache
from workers.cinx_submitter.document.fields import faults

_log = structlog.get_logger(__name__)

_VERSION = "template_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """Template fields that a route's target sets. ``route`` and ``target`` are for people."""

    account: str
    route: str
    target: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that cannot be set as the route says."""

    mapped: Mapped
    field: str
    refusal: Reject

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.mapped.route}, target {self.mapped.target}, fields.{self.field}"

    @property
    def sentence(self) -> str:
        """Why, and what to do; there is no letter yet."""
        return self.refusal.sentence.replace(", then send this letter again", "")


def mapped_fields(routing: Routing) -> dict[str, tuple[Mapped, ...]]:
    """What the routes set, by account."""
    found: dict[str, tuple[Mapped, ...]] = {}
    for route in routing.routes:
        for target in route.targets:
            if isinstance(target, CinxTarget) and target.fields:
                mapped = Mapped(
                    account=target.account, route=_route_name(route), target=target.name, fields=target.fields
                )
                found[target.account] = (*found.get(target.account, ()), mapped)
    return found


def _route_name(route: Route) -> str:
    source = route.source
    project = f" project {source.project}" if source.project else ""
    return f"the route from {source.system}:{source.account}{project}"


def wrong_fields(template: Template, mapped: Sequence[Mapped]) -> Iterator[Fault]:
    """Fields that the template does not have or does not take so."""
    for one in mapped:
        for field, refusal in faults(template, one.fields):
            yield Fault(one, field, refusal)


class MappedFields:
    """What the routes set now, worked out anew only when they have changed."""

    def __init__(self, routing: Callable[[], Routing]) -> None:
        self._routing = routing
        self._known: tuple[Routing, dict[str, tuple[Mapped, ...]]] | None = None

    def __call__(self, account: str) -> tuple[Mapped, ...]:
        """Of one account; the same object as long as nothing has changed."""
        routing, known = self._routing(), self._known
        if known is None or known[0] is not routing:
            self._known = known = (routing, mapped_fields(routing))
        return known[1].get(account, ())


class AccountStart:
    """The first look at an account, and every later one. Thread-safe.

    ``written_for`` gives the template's version that an account's routes were written for, if it is stated; it
    goes before the version that an earlier process found.
    """

    def __init__(
        self,
        memory: RemoteCache,
        mapped: Callable[[str], tuple[Mapped, ...]],
        written_for: Callable[[str], str | None],
    ) -> None:
        self._memory = memory
        self._mapped = mapped
        self._written_for = written_for
        self._lock = threading.Lock()
        self._compared: dict[str, tuple[Mapped, ...]] = {}
        self._told: dict[str, frozenset[tuple[str, str]]] = {}
        self._versions: dict[str, str] = {}

    def is_due(self, account: str) -> bool:
        """Whether the template is not known (any more), or the routes say something else than when they were read."""
        return self._template(account) is None or self._compared.get(account) is not self._mapped(account)

    def check(self, account: str, client: CinxClient, first: CallTerms, further: CallTerms) -> None:
        """Raises ``TenantBlocked`` where login, token, subscription or import do not hold."""
        client.probe_tenant(terms=first)
        if self._template(account) is None:
            self._note(account, client.poco_template(terms=further))
        self._compare(account)

    def facts_to_keep(self, account: str) -> dict[str, str]:
        """What is to be known of it when its template is read by another process."""
        version = self._versions.get(account)
        return {} if version is None else {_VERSION: version}

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """What an earlier process noted; what was read since is newer."""
        if _VERSION in facts:
            self._versions.setdefault(account, facts[_VERSION])

    def _template(self, account: str) -> Template | None:
        return self._memory.templates.get(account, self._memory.ages.account)

    def _note(self, account: str, template: Template) -> None:
        known = self._memory.templates.get(account)
        before = known.version if known else self._written_for(account) or self._versions.get(account)
        if known is None:
            _log.info(
                events.CINX_TEMPLATE_READ,
                account=account,
                version=template.version,
                last_updated=template.last_updated,
            )
        if before != template.version and (known or before):
            _log.warning(events.CINX_TEMPLATE_CHANGED, account=account, known=before, found=template.version)
        self._memory.templates.put(account, template)
        if template.version is not None:
            self._versions[account] = template.version

    def _compare(self, account: str) -> None:
        template, mapped = self._memory.templates.get(account), self._mapped(account)
        if template is None:
            return
        with self._lock:
            wrong = {(one.place, one.refusal.reason): one for one in wrong_fields(template, mapped)}
            told, self._told[account] = self._told.get(account, frozenset()), frozenset(wrong)
            self._compared[account] = mapped
        for key, fault in wrong.items():
            if key not in told:
                _log_fault(fault, template)


def _log_fault(fault: Fault, template: Template) -> None:
    mapped = fault.mapped
    _log.error(
        events.CINX_FIELD_REFUSED,
        account=mapped.account,
        route=mapped.route,
        target=mapped.target,
        field=fault.field,
        template=template.version,
        reason=fault.refusal.reason,
        message=fault.sentence,
    )
