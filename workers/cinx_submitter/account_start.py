"""The check of an account before anything is ordered for it: whether it may be used, and what its import takes.

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
    """Template fields that a route's target sets. ``route`` and ``target`` stand in the log only."""

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
        """The field's place in the configuration."""
        return f"{self.mapped.route}, target {self.mapped.target}, fields.{self.field}"

    @property
    def sentence(self) -> str:
        """Why it is refused and what to do, without the last words of the rejection: there is no letter yet."""
        return self.refusal.sentence.replace(", then send this letter again", "")


def mapped_fields(routing: Routing) -> dict[str, tuple[Mapped, ...]]:
    """The template fields that routes set, by account."""
    by_account: dict[str, tuple[Mapped, ...]] = {}
    for route in routing.routes:
        for target in route.targets:
            if isinstance(target, CinxTarget) and target.fields:
                mapped = Mapped(
                    account=target.account, route=_route_name(route), target=target.name, fields=target.fields
                )
                by_account[target.account] = (*by_account.get(target.account, ()), mapped)
    return by_account


def _route_name(route: Route) -> str:
    if route.name is not None:
        return f"route {route.name}"
    source = route.source
    project = f" project {source.project}" if source.project else ""
    return f"the route from {source.system}:{source.account}{project}"


def wrong_fields(template: Template, mapped: Sequence[Mapped]) -> Iterator[Fault]:
    """The mapped fields that the template does not have, or does not take as they are set."""
    for target in mapped:
        for field, refusal in faults(template, target.fields):
            yield Fault(target, field, refusal)


class MappedFields:
    """The template fields that routes set now, worked out anew only when the routes have changed."""

    def __init__(self, routing: Callable[[], Routing]) -> None:
        self._routing = routing
        self._latest: tuple[Routing, dict[str, tuple[Mapped, ...]]] | None = None

    def __call__(self, account: str) -> tuple[Mapped, ...]:
        """The fields of one account; the same object as long as the routes are the same."""
        routing, latest = self._routing(), self._latest
        if latest is None or latest[0] is not routing:
            self._latest = latest = (routing, mapped_fields(routing))
        return latest[1].get(account, ())


class AccountStart:
    """Checks accounts and reads their templates, at the start and whenever that is due. Thread-safe.

    ``written_for`` gives the template's version that an account's routes were written for, if it is stated; it
    goes before the version that an earlier process has read.
    """

    def __init__(
        self,
        cache: RemoteCache,
        mapped: Callable[[str], tuple[Mapped, ...]],
        written_for: Callable[[str], str | None],
    ) -> None:
        self._cache = cache
        self._mapped = mapped
        self._written_for = written_for
        self._lock = threading.Lock()
        self._compared: dict[str, tuple[Mapped, ...]] = {}
        self._logged: dict[str, frozenset[tuple[str, str]]] = {}
        self._versions: dict[str, str] = {}

    def is_due(self, account: str) -> bool:
        """Whether the template has to be read (again), or the routes have changed since they were compared with it."""
        return self._template(account) is None or self._compared.get(account) is not self._mapped(account)

    def check(self, account: str, client: CinxClient, first: CallTerms, further: CallTerms) -> None:
        """Reads subscription and, where it is not cached, template, and logs what routes set wrongly.

        Raises ``TenantBlocked`` where login, token, subscription or import do not hold.
        """
        client.probe_tenant(terms=first)
        if self._template(account) is None:
            self._note(account, client.poco_template(terms=further))
        self._compare(account)

    def facts_to_keep(self, account: str) -> dict[str, str]:
        """The template's version, for the process that reads it next; nothing where it was never read."""
        version = self._versions.get(account)
        return {} if version is None else {_VERSION: version}

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """Takes over what an earlier process has kept, unless this one has read the template since."""
        if _VERSION in facts:
            self._versions.setdefault(account, facts[_VERSION])

    def _template(self, account: str) -> Template | None:
        return self._cache.templates.get(account, self._cache.ages.account)

    def _note(self, account: str, template: Template) -> None:
        cached = self._cache.templates.get(account)
        before = cached.version if cached else self._written_for(account) or self._versions.get(account)
        if cached is None:
            _log.info(
                events.CINX_TEMPLATE_READ,
                account=account,
                version=template.version,
                last_updated=template.last_updated,
            )
        if before != template.version and (cached or before):
            _log.warning(events.CINX_TEMPLATE_CHANGED, account=account, known=before, found=template.version)
        self._cache.templates.put(account, template)
        if template.version is not None:
            self._versions[account] = template.version

    def _compare(self, account: str) -> None:
        template, mapped = self._cache.templates.get(account), self._mapped(account)
        if template is None:
            return
        with self._lock:
            wrong = {(fault.place, fault.refusal.reason): fault for fault in wrong_fields(template, mapped)}
            logged, self._logged[account] = self._logged.get(account, frozenset()), frozenset(wrong)
            self._compared[account] = mapped
        for key, fault in wrong.items():
            if key not in logged:
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
