"""How often the configuration asks for a look at each source, and how often its rate limits allow one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from operations.wording import counted
from producers.constructiononline.pace import shortest_interval
from producers.procore.projects import wanted_projects
from producers.procore.rounds import Rounds
from relay.clients.rate import shares
from relay.engine.configuration import Configuration, ConstructionOnlineAccount, ProcoreAccount

_LISTINGS = 2
"""Of one look at ConstructionOnline: change orders, and items."""


def intervals(configuration: Configuration) -> str:
    """A line for each account of which limits are known."""
    lines = [*_constructiononline(configuration.constructiononline), *_procore(configuration)]
    return "\n".join(lines) or "no account whose limits are known is polled"


def _constructiononline(accounts: Mapping[str, ConstructionOnlineAccount]) -> Iterator[str]:
    for name, account in accounts.items():
        possible = shortest_interval(_LISTINGS)
        yield _line(f"constructiononline:{name}", account.poll_interval, max(account.poll_interval, possible), "")


def _procore(configuration: Configuration) -> Iterator[str]:
    for name, account in configuration.procore.items():
        wanted = wanted_projects(configuration.routing, name)
        listings = len(wanted.named) + wanted.every
        if listings:
            rounds = Rounds(account.poll_interval, partial(_listings_an_hour, account))
            rounds.begin(wanted.named, listings=listings)
            why = _projects(len(wanted.named), every=wanted.every)
            yield _line(f"procore:{name}", account.poll_interval, rounds.interval, why)


def _listings_an_hour(account: ProcoreAccount) -> float:
    return int(account.requests_per_hour * account.poller_share + 1e-9) * shares.LISTINGS


def _projects(named: int, *, every: bool) -> str:
    words = f", with {counted(named, 'project')}"
    return f"{words} named, and longer for each further one of the company" if every else words


def _line(key: str, asked: float, possible: float, why: str) -> str:
    if possible <= asked:
        return f"{key}: every {_duration(asked)}{why}"
    return f"{key}: every {_duration(asked)} asked, every {_duration(possible)} possible{why}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
