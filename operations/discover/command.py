"""From the environment to what was discovered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from operations.discover.discover import Discovery, discover
from operations.discover.memory import recall
from operations.environment import Environment
from operations.errors import WrongUsage
from operations.survey.calls import Calls
from operations.survey.seen_items import observed_items
from relay.engine.configuration import load_configuration
from relay.engine.configuration.accounts import MODELS, Account
from relay.engine.configuration.pins import placeholders


def discover_accounts(account: str | None, calls: Calls, *, folder: Path | None, again: bool) -> tuple[Path, Discovery]:
    """The file that the accounts are configured in, and what they can see. ``again``: what the folder has of them is
    read anew; what it has of other accounts stays.

    Raises ``ConfigurationError``, ``WrongUsage`` for an account that is not configured, and ``Refused`` where what
    an earlier run kept in the folder cannot be read.
    """
    environment, with_kafka = Environment.read_before_kafka()
    configured = environment.settings.configuration_file()
    accounts = configured_accounts(configured, account)
    kept = {} if folder is None else recall(folder)
    forgotten = {name: found for name, found in kept.items() if again and found.account in accounts}
    known = {name: found for name, found in kept.items() if name not in forgotten}
    observed = observed_items(environment) if with_kafka else None
    discovery = discover(accounts, environment.settings, calls, known=known, observed=observed)
    return configured, replace(discovery, forgotten=forgotten)


def configured_accounts(configured: Path, wanted: str | None) -> dict[str, Account]:
    """The accounts of a file, or the one that is wanted. Raises ``WrongUsage`` where it is not configured."""
    systems = tuple(MODELS) if wanted is None else (wanted.partition(":")[0],)
    # Which accounts there are does not depend on what is pinned.
    accounts = load_configuration(configured, secrets_of=systems, pins=placeholders({}, {})).accounts()
    if wanted is None:
        return accounts
    if wanted not in accounts:
        raise WrongUsage(f"{wanted} is not configured in {configured}; there are {', '.join(accounts)}")
    return {wanted: accounts[wanted]}
