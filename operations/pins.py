"""What projects and contracts stand for that the file calls by number or name: looked up once, to be pinned."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from operations.discover.lists import CONTRACTS, PROJECTS, Row, of_company, of_project
from operations.errors import Refused
from operations.survey.calls import Calls
from operations.survey.remotes import Client, Remote, opened
from relay.domain.text_folding import folded
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.configuration.pins import FIRST_PLACEHOLDER, PinnedName, placeholders
from relay.engine.settings import Settings


def looked_up(
    file: Path, settings: Settings, known: Mapping[str, str], calls: Calls
) -> tuple[Configuration, dict[str, str]]:
    """The file with every name looked up that is not pinned yet, and what these stand for.

    Reads only. Raises ``Refused`` for a name that nothing has, or several; what the remote meets, and ``CallsSpent``.
    """
    found: dict[str, str] = {}
    with ExitStack() as stack:
        lists = _Lists(settings, calls, stack)
        while True:  # Projects first: contracts are looked for in them.
            wanted: dict[str, PinnedName] = {}
            pins = placeholders({**known, **found}, wanted)
            configuration = load_configuration(file, secrets_of=(), pins=pins)
            if not wanted:
                return configuration, found
            ready = [name for name in wanted.values() if not _waits(name)]
            found |= {name.key: lists.id_of(configuration, name) for name in ready}


def _waits(name: PinnedName) -> bool:
    """Whether the project of a contract is not looked up yet."""
    return name.project is not None and int(name.project) >= FIRST_PLACEHOLDER


class _Lists:
    """The lists of the accounts, each read once."""

    def __init__(self, settings: Settings, calls: Calls, stack: ExitStack) -> None:
        self._settings, self._calls, self._stack = settings, calls, stack
        self._remotes: dict[str, Remote[Client]] = {}
        self._rows: dict[tuple[str, str | None, str | None], list[Row]] = {}

    def id_of(self, configuration: Configuration, name: PinnedName) -> str:
        rows = self._read(configuration, name)
        column = "name" if name.way == "name" else "number"
        fitting = [row for row in rows if folded(row.get(column) or "") == folded(name.text)]
        if len(fitting) == 1:
            return str(fitting[0]["id"])
        if not fitting:
            raise Refused(
                f"{name} was not found among the {len(rows)} that the account sees: correct it in the file, or have "
                "the account given access"
            )
        listed = ", ".join(f"{row['id']} ({_title(row)})" for row in fitting)
        raise Refused(f"{name} is borne by several: {listed}. Write the id of the one that is meant")

    def _read(self, configuration: Configuration, name: PinnedName) -> list[Row]:
        key = (name.account, name.project, name.contract)
        if key not in self._rows:
            remote = self._remote(configuration, name.account)
            lists = of_company(remote) if name.project is None else of_project(remote, name.project)
            kinds = {PROJECTS} if name.project is None else {CONTRACTS}
            chosen = [one for one in lists if one.kind in kinds and one.part in (None, name.contract)]
            self._rows[key] = [row for one in chosen for row in one.read()]
        return self._rows[key]

    def _remote(self, configuration: Configuration, account: str) -> Remote[Client]:
        if account not in self._remotes:
            accounts = configuration.accounts()
            remote = self._stack.enter_context(opened(account, accounts[account], self._settings, self._calls))
            self._remotes[account] = remote
        return self._remotes[account]


def _title(row: Row) -> str:
    return " ".join(filter(None, (row.get("number"), row.get("name") or row.get("title"))))
