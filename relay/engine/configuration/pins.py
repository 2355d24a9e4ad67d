"""Projects and contracts that the file calls by number or name: what each stands for was looked up once, and is pinned.

A stage never looks anything up itself: were a project renamed, or a second one given its name, its change orders would
go elsewhere. What is not pinned is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from relay.engine.configuration.document import Document, Place
from relay.engine.configuration.problems import shown

PINNED: Final = frozenset({"project", "project_id", "contract_id"})
"""The keys that may say a number or name instead of an id."""

_WAYS: Final = ("name", "number")
FIRST_PLACEHOLDER: Final = 10**15
"""Ids from here on stand for what is still to be looked up; no remote has counted so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedName:
    """A project of an account, or a contract of a project and of a kind, by ``name`` or ``number`` (``way``)."""

    account: str
    way: str
    text: str
    project: str | None = None
    contract: str | None = None

    @property
    def key(self) -> str:
        """Under what it is pinned: ``procore:acme/project:name:Tower B``."""
        within = "" if self.project is None else f"/project:{self.project}"
        kind = "project" if self.project is None else self.contract or "contract"
        return f"{self.account}{within}/{kind}:{self.way}:{self.text}"

    def __str__(self) -> str:
        what = "project" if self.project is None else f"contract of project {self.project}"
        return f"{self.account}: the {what} with the {self.way} {self.text!r}"


Pins = Callable[[PinnedName], str | None]
"""The id that a name is pinned to; ``None``: it is not."""


def nothing_pinned(name: PinnedName) -> str | None:
    """For who reads a file without the topic of names."""
    return None


def placeholders(known: Mapping[str, str], wanted: dict[str, PinnedName]) -> Callable[[PinnedName], str]:
    """Gives an id to every name: its pin, else one that stands for none; these names are added to ``wanted``."""
    numbers = count(FIRST_PLACEHOLDER)
    given: dict[str, str] = {}

    def id_of(name: PinnedName) -> str:
        if name.key in known:
            return known[name.key]
        if name.key not in given:
            given[name.key] = str(next(numbers))
            wanted[name.key] = name
        return given[name.key]

    return id_of


def with_pins(document: Document, place: Place, content: dict[str, Any], pins: Pins) -> dict[str, Any]:
    """A route as it stands in the file, with ids in place of names; one that is not pinned is blamed."""
    replaced = dict(content)
    start = content.get("from")
    if isinstance(start, dict) and isinstance(start.get("project"), dict):
        read = _Reader(document, (*place, "from"), start, pins)
        replaced["from"] = {**start, "project": read.project("project")}
    targets = content.get("targets")
    if isinstance(targets, list):
        replaced["targets"] = [
            _target(document, (*place, "targets", at), target, pins) if isinstance(target, dict) else target
            for at, target in enumerate(targets)
        ]
    return replaced


def _target(document: Document, place: Place, target: dict[str, Any], pins: Pins) -> dict[str, Any]:
    read, replaced = _Reader(document, place, target, pins), dict(target)
    if isinstance(target.get("project_id"), dict):
        replaced["project_id"] = read.project("project_id")
    if isinstance(target.get("contract_id"), dict):
        replaced["contract_id"] = read.contract("contract_id", str(replaced.get("project_id")))
    return replaced


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    place: Place
    section: dict[str, Any]
    pins: Pins

    @property
    def account(self) -> str:
        return f"{self.section.get('system')}:{self.section.get('account')}"

    def project(self, key: str) -> object:
        return self._id(key, None, None, _WAYS)

    def contract(self, key: str, project: str) -> object:
        return self._id(key, project, str(self.section.get("contract")), ("number",))

    def _id(self, key: str, project: str | None, contract: str | None, ways: tuple[str, ...]) -> object:
        """What is no name stays as it is, for the section that says what may stand there."""
        value = self.section[key]
        way, text = next(iter(value.items())) if len(value) == 1 else (None, None)
        if way not in ways or not isinstance(text, str) or not text.strip():
            self.document.blame((*self.place, key), "a mapping", f"an id, or one of {' and '.join(ways)} with a text")
            return _ANY
        name = PinnedName(account=self.account, way=way, text=text.strip(), project=project, contract=contract)
        found = self.pins(name)
        if found is None:
            self.document.blame(
                (*self.place, key),
                f"the {way} {shown(name.text)}",
                "one that `cor topics apply` has looked up and pinned",
            )
        return found or _ANY


_ANY: Final = "1"
"""Stands for an id where the file is refused anyway, so that no second problem is seen in it."""
