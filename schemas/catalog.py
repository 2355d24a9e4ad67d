"""The schemas that this package ships: the current one of every record and all published versions.

Every file is complete in itself. A closed vocabulary (a status, an operation) is a ``string``
whose property ``words`` lists it, not an Avro ``enum``: a word that a later version adds then
reaches an older subscriber as it is. An enum would either break that subscriber's decoder or, with
a default, hand it another word, and for ``operation`` or ``change`` any other word is a lie
that somebody acts on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from schemas.framing import canonical_form, fingerprint

Schema = dict[str, Any]
"""An Avro schema as its JSON reads."""

NAMESPACE = "changeorders.v1"

RECORDS = (
    "ChangeOrderObserved",
    "ProcoreCommand",
    "CinxCommand",
    "InboxRecord",
    "LedgerEntry",
    "ChangeOrderOutcome",
    "DeadLetter",
    "PollState",
    "NameRecord",
    "OperatorAction",
    "Control",
    "RemoteWrite",
    "DirectoryEntry",
)
"""The name of every record that stands on a topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published version of a record's schema, never changed again; ``version`` counts from 1."""

    record: str
    version: int
    text: str

    @property
    def schema(self) -> Schema:
        """The schema, as its JSON reads."""
        return _parsed(self.text)

    @property
    def canonical(self) -> str:
        """Avro's Parsing Canonical Form."""
        return canonical_form(self.schema)

    @property
    def fingerprint(self) -> bytes:
        """CRC-64-AVRO of the canonical form: eight bytes, little-endian, as they stand on the wire."""
        return fingerprint(self.schema)


def schema_text(record: str) -> str:
    """The current schema of ``record`` as its file says it. Raises ``KeyError`` for an unknown record."""
    return (_root() / f"{_known(record)}.avsc").read_text(encoding="utf-8")


def schema(record: str) -> Schema:
    """The current schema of ``record``. Raises ``KeyError`` for an unknown record."""
    return _parsed(schema_text(record))


@cache
def published(record: str) -> tuple[Published, ...]:
    """All published versions, oldest first. Raises ``KeyError`` for an unknown record."""
    folder = _root() / "versions" / _known(record)
    numbers = sorted(int(file.name.removesuffix(".avsc")) for file in folder.iterdir() if file.name.endswith(".avsc"))
    return tuple(
        Published(record=record, version=number, text=(folder / f"{number}.avsc").read_text(encoding="utf-8"))
        for number in numbers
    )


@cache
def by_fingerprint() -> dict[bytes, Published]:
    """Every published version of every record, by the fingerprint that bytes on the wire name."""
    return {version.fingerprint: version for record in RECORDS for version in published(record)}


def record_of(schema: Schema) -> str | None:
    """The record of ours that ``schema`` is of, in whichever version; ``None`` for anybody else's."""
    namespace, _, name = str(json.loads(canonical_form(schema))["name"]).rpartition(".")
    return name if namespace == NAMESPACE and name in RECORDS else None


def called(schema: Schema) -> str:
    """What people call it: record and version, where this release ships it; its name otherwise."""
    shipped = by_fingerprint().get(fingerprint(schema))
    return f"{shipped.record} {shipped.version}" if shipped else str(schema.get("name"))


def _known(record: str) -> str:
    if record not in RECORDS:
        raise KeyError(f"there is no record {record!r}; there are {', '.join(RECORDS)}")
    return record


def _root() -> Traversable:
    return files("schemas")


def _parsed(text: str) -> Schema:
    parsed: Schema = json.loads(text)
    return parsed
