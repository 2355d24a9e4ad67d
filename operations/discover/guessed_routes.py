"""A route for each source project that fits one of a target system: a guess, for a person to look at.

It observes only, and names a contract only where everything that a target states is known; the others stand beside it
as comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from operations.discover import cost_codes
from operations.discover.discover import Discovery
from operations.discover.fits import Fit, fits
from operations.discover.lists import CONTRACTS, PROJECTS, PURCHASE_ORDERS, TIERS, Row
from relay.domain.commands import ContractKind

_SOURCE = "constructiononline"
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedRoute:
    """A route as text of a configuration: ``lines`` begin at the list's indent, comments among them."""

    account: str
    project: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """The routes, and the source projects for which there is none, each with the reason."""

    routes: tuple[GuessedRoute, ...]
    none: tuple[str, ...]


def guess_routes(
    discovery: Discovery, *, routed: Collection[tuple[str, str]], every: Collection[str], names: Collection[str]
) -> Guesses:
    """``routed``: account and project of the routes there are; ``every``: accounts of which a route takes all.

    ``names``: those that routes have already.
    """
    taken, routes, none = set(names), [], []
    for key, source in discovery.with_rows(PROJECTS, _SOURCE):
        account, project = key.partition(":")[2], source.get("id") or ""
        if account in every or (account, project) in routed:
            continue
        found = _Guess(discovery, account, source)
        reason = found.missing()
        if reason is None:
            routes.append(GuessedRoute(account=account, project=project, lines=tuple(found.lines(taken))))
        else:
            none.append(f"{key} project {project} ({source.get('name')}): {reason}")
    return Guesses(routes=tuple(routes), none=tuple(none))


class _Guess:
    """What fits one source project."""

    def __init__(self, discovery: Discovery, account: str, source: Row) -> None:
        self._discovery, self._account, self._source = discovery, account, source
        self._companies = fits(source, discovery.with_rows(PROJECTS, "procore"))
        self._sites = fits(source, discovery.with_rows(PROJECTS, "cinx"))
        places = [(fit.account, fit.row) for fit in (*self._companies, *self._sites)]
        self._rivals = [
            (key, row)
            for key, row in discovery.with_rows(PROJECTS, _SOURCE)
            if (key.partition(":")[2], row.get("id")) != (account, source.get("id")) and fits(row, places)
        ]

    def missing(self) -> str | None:
        """Why there is no route yet; ``None`` where there is one to be written."""
        if not self._companies and not self._sites:
            return "no project that was read has its number or name"
        unread = [name for fit in self._companies for name in self._unread(fit)]
        return f"not read yet: {', '.join(unread)}" if unread else None

    def lines(self, taken: set[str]) -> Iterator[str]:
        project, name = self._source.get("id"), self._source.get("name")
        yield f"# A guess of cor discover, to be looked at: {_shown(name)}"
        for fit in [*self._companies, *self._sites]:
            yield f"# {fit.account} project {_shown(fit.row.get('id'))} has its {_comment(fit.why)}."
        for key, row in self._rivals:
            yield f"# {key} project {_shown(row.get('id'))} ({_shown(row.get('name'))}) fits there as well: choose."
        yield f"- name: {_name(name, project, taken)}"
        yield f"  from: {{system: {_SOURCE}, account: {self._account}, project: {json.dumps(project)}}}"
        yield "  mode: observe  # dry_run says in outcomes what would be sent; live sends"
        yield f"  cost_codes_file: {cost_codes.FILE}"
        yield from self._targets()

    def _targets(self) -> Iterator[str]:
        """Of a single fit, which no other project has, the prime contract whose tiers are known; everything else is a
        comment.
        """
        chosen = self._chosen()
        yield (
            "  targets:" if chosen else "  # targets:  # take the first mark away here, and before those that are meant"
        )
        for fit in self._companies:
            for contract in self._contracts(fit):
                mark = "" if contract is chosen else "# "
                yield f"    {mark}- {self._target(fit, contract)}{_about(contract)}"
        for fit in self._sites:
            for order in self._orders(fit):
                number = json.dumps(order.get("number"), ensure_ascii=False)
                target = f"{{name: {_slug(order.get('number'))}, system: cinx, account: {_name_of(fit)}"
                yield f"    # - {target}, purchase_order: {number}}}{_about(order)}"

    def _chosen(self) -> Row | None:
        if len(self._companies) != 1 or self._rivals:
            return None
        fit = self._companies[0]
        primes = [row for row in self._contracts(fit) if row["kind"] == ContractKind.PRIME.value]
        return primes[0] if len(primes) == 1 and self._tiers(fit, primes[0]) else None

    def _target(self, fit: Fit, contract: Row) -> str:
        kind, tiers = contract["kind"] or "", self._tiers(fit, contract)
        name = "owner" if kind == ContractKind.PRIME.value else _slug(contract.get("number") or contract["id"])
        stated = f"{{name: {name}, system: procore, account: {_name_of(fit)}, project_id: {fit.row.get('id')}"
        told = str(tiers) if tiers else '"?"'  # No number: a file that states none is refused until somebody knows.
        return f"{stated}, contract_id: {contract['id']}, contract: {kind}, tiers: {told}}}"

    def _contracts(self, fit: Fit) -> list[Row]:
        return self._discovery.rows(CONTRACTS, fit.account, fit.row.get("id"))

    def _orders(self, fit: Fit) -> list[Row]:
        number = fit.row.get("number")
        return [row for row in self._discovery.rows(PURCHASE_ORDERS, fit.account) if row.get("project") == number]

    def _tiers(self, fit: Fit, contract: Row) -> str | None:
        rows = self._discovery.rows(TIERS, fit.account, fit.row.get("id"))
        return next((row["tiers"] for row in rows if row["contract"] == contract["id"]), None)

    def _unread(self, fit: Fit) -> list[str]:
        project = fit.row.get("id")
        lists = [(CONTRACTS, kind.value) for kind in ContractKind] + [(TIERS, None)]
        names = [" ".join(filter(None, (fit.account, kind, project, part))) for kind, part in lists]
        return [name for name in names if name not in self._discovery.lists]


def _name_of(fit: Fit) -> str:
    return fit.account.partition(":")[2]


def _name(name: str | None, project: str | None, taken: set[str]) -> str:
    """A name that no other route has; names of routes are identity."""
    slug = _slug(name)[:_LONGEST_NAME].strip("-") or f"project-{project}"
    free = slug if slug not in taken else f"{slug}-{project}"
    taken.add(free)
    return free


def _slug(text: str | None) -> str:
    return re.sub(r"[^a-z0-9]+", "-", (text or "").lower()).strip("-") or "main"


def _about(row: Row) -> str:
    words = ", ".join(text for name in ("number", "title", "name", "vendor", "status") if (text := row.get(name)))
    return f"  # {_comment(words)}" if words else ""


def _shown(text: str | None) -> str:
    return _comment(text or "without a name")


def _comment(text: str) -> str:
    """A remote's text on one line: what it says cannot become a line of the file."""
    return "".join(character if character.isprintable() else " " for character in text)
