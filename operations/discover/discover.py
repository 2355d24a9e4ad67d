"""Reads the lists of the accounts one by one, as far as the calls reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from operations.audit import now
from operations.discover.cost_codes import counted
from operations.discover.fits import fits
from operations.discover.lists import PROJECTS, SOURCE_CODES, ListToRead, Row, of_company, of_project
from operations.discover.memory import FoundList
from operations.survey.calls import Calls, CallsSpent
from operations.survey.remotes import Client, Remote, opened
from operations.survey.seen_items import SeenItem
from operations.wording import why_failed
from relay.domain.failures import CallFailure, TenantBlocked, Throttled, Unavailable
from relay.engine.configuration.accounts import Account
from relay.engine.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A list that was not read, and why."""

    account: str
    what: str
    why: str


@dataclass(slots=True)
class Discovery:
    """What is known by now: lists by name, and what was not read. ``answered``: how many lists a remote has answered,
    now or in an earlier run. ``forgotten``: lists of an earlier run, as they were, which were asked for anew.
    """

    lists: dict[str, FoundList] = field(default_factory=dict)
    not_read: list[NotRead] = field(default_factory=list)
    answered: int = 0
    forgotten: Mapping[str, FoundList] = field(default_factory=dict)

    @property
    def is_vain(self) -> bool:
        """Whether there was something to read, and nothing of it could be."""
        return bool(self.not_read) and not self.answered

    def rows(self, kind: str, account: str | None = None, project: str | None = None) -> list[Row]:
        """The rows of every list of a kind, of one account or project where these are named."""
        return [row for found in self._of(kind, account, project) for row in found.rows]

    def has_read(self, kind: str, account: str, project: str | None = None) -> bool:
        """Whether at least one list of the kind was read."""
        return any(True for _ in self._of(kind, account, project))

    def with_rows(self, kind: str, system: str) -> Iterator[tuple[str, Row]]:
        """Account and row of every list of a kind in one system."""
        for found in self.lists.values():
            if found.kind == kind and found.account.startswith(f"{system}:"):
                yield from ((found.account, row) for row in found.rows)

    def _of(self, kind: str, account: str | None, project: str | None) -> Iterator[FoundList]:
        for found in self.lists.values():
            if found.kind == kind and account in (None, found.account) and project in (None, found.project):
                yield found


def discover(
    accounts: Mapping[str, Account],
    settings: Settings,
    calls: Calls,
    *,
    known: Mapping[str, FoundList],
    observed: Iterable[SeenItem] | None,
) -> Discovery:
    """Reads what is not ``known`` yet. ``observed``: items to count instead of asking the sources for them."""
    discovery = Discovery(dict(known), answered=len(known))
    if observed is not None:
        discovery.lists |= _observed_codes(accounts, observed)
    with ExitStack() as stack:
        remotes = [stack.enter_context(opened(key, account, settings, calls)) for key, account in accounts.items()]
        _Reader(discovery, calls).read(remotes)
    return discovery


class _Reader:
    def __init__(self, discovery: Discovery, calls: Calls) -> None:
        self._discovery = discovery
        self._calls = calls
        self._blocked: dict[str, str] = {}
        self._answering: set[str] = set()

    def read(self, remotes: list[Remote[Client]]) -> None:
        """What all have first; then project by project, those that fit a source's before the others."""
        for remote in remotes:
            for one in of_company(remote):
                self._read(one)
        for remote in remotes:
            for project in self._projects(remote):
                for one in of_project(remote, project):
                    self._read(one)

    def _projects(self, remote: Remote[Client]) -> list[str]:
        rows = self._discovery.rows(PROJECTS, remote.key)
        sources = [row for _, row in self._discovery.with_rows(PROJECTS, "constructiononline")]
        fitting = {id(row) for row in rows if any(fits(source, [(remote.key, row)]) for source in sources)}
        ordered = sorted(rows, key=lambda row: id(row) not in fitting)
        return [project for row in ordered if (project := row.get("id")) is not None]

    def _read(self, one: ListToRead) -> None:
        if one.name in self._discovery.lists:
            return
        if one.account in self._blocked:
            self._leave(one, self._blocked[one.account])
            return
        try:
            rows = one.read()
            self._discovery.lists[one.name] = _found(one.account, one.kind, one.project, rows, now())
            self._discovery.answered += 1
            self._answering.add(one.account)
        except (CallsSpent, CallFailure) as failure:
            why = why_failed(failure)
            if isinstance(failure, TenantBlocked | Throttled) or self._is_silent(one.account, failure):
                self._blocked[one.account] = why
            self._leave(one, why)

    def _is_silent(self, account: str, failure: Exception) -> bool:
        """Whether it is not asked again, since neither this nor what was asked before was answered: each of its lists
        would be waited for as long.
        """
        unanswered = isinstance(failure, Unavailable) and failure.status is None
        if unanswered and account not in self._answering:
            return True
        if unanswered:
            self._answering.discard(account)
        return False

    def _leave(self, one: ListToRead, why: str) -> None:
        self._discovery.not_read.append(NotRead(account=one.account, what=one.words, why=why))


def _found(account: str, kind: str, project: str | None, rows: list[Row], at: datetime) -> FoundList:
    return FoundList(account=account, kind=kind, project=project, read_at=at, rows=rows)


def _observed_codes(accounts: Iterable[str], observed: Iterable[SeenItem]) -> dict[str, FoundList]:
    """The codes of each account of which anything was observed, by the name of its list."""
    items: dict[str, list[Any]] = {}
    for seen in observed:
        items.setdefault(f"{seen.system}:{seen.account}", []).append(seen.item)
    found = {key: counted(items[key]) for key in accounts if key in items}
    return {f"{key} {SOURCE_CODES}": _found(key, SOURCE_CODES, None, rows, now()) for key, rows in found.items()}
