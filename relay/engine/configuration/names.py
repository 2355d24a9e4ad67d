"""What the names of a configuration stand for. They are identity, and stand for it for ever."""

from __future__ import annotations

from relay.engine.configuration.loading import Configuration


def names_of(configuration: Configuration) -> dict[str, str]:
    """By name what it stands for, as the topic of names records it.

    An account (``procore:acme``) stands for its remote account; a target (``target`` and where its
    route starts and its own name, ``target:constructiononline:acme:1321036:owner``, with ``*`` for
    every project) for the account that it writes to.
    """
    names = {key: account.stands_for() for key, account in configuration.accounts().items()}
    for route in configuration.routing.routes:
        source = route.source
        start = f"{source.system}:{source.account}:{source.project or '*'}"
        for target in route.targets:
            names[f"target:{start}:{target.name}"] = f"{target.system}:{target.account}"
    return names
