"""What a configuration names: accounts and targets, with what they stand for."""

from __future__ import annotations

from relay.engine.configuration import Configuration

Pairs = list[tuple[str, str]]


def names_in(configuration: Configuration) -> tuple[Pairs, Pairs]:
    """Accounts and targets with what they stand for."""
    accounts = [(key, account.stands_for()) for key, account in configuration.accounts().items()]
    targets = []
    for route in configuration.routing.routes:
        source = route.source
        start = f"{source.system}:{source.account}:{source.project or '*'}"
        targets += [(f"{start}:{one.name}", f"{one.system}:{one.account}") for one in route.targets]
    return accounts, targets
