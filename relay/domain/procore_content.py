"""What we say of a Procore record, in one comparable form, and the mark that we leave on it.

The writer builds these from a command, a reader of Procore from what it finds; equal forms have
equal hashes, so that an echo of our own writing can be told from a person's edit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final, Literal, get_args

from relay.domain.identity import part_hash
from relay.domain.json_object import object_in

ProcoreStatus = Literal[
    "draft",
    "not_pricing",
    "pricing",
    "pending",
    "revised",
    "proceeding",
    "not_proceeding",
    "no_charge",
    "approved",
    "rejected",
    "void",
]
"""Procore docs, "Potential Change Orders": the eleven statuses that a change order can be given."""

STATUSES: Final[frozenset[str]] = frozenset(get_args(ProcoreStatus))
PENDING_BILLABLE: Final = "pending_billable"
"""The twelfth status, of packages in projects of one tier only."""
_SHOWN_STATUSES: Final = STATUSES | {PENDING_BILLABLE}
_EVERY_STATUS: Final = (*sorted(STATUSES), PENDING_BILLABLE)


def as_written(status: str) -> str:
    """A status in the form in which it is written, where it is a known one that is shown in title case."""
    written = "_".join(status.lower().split())
    return written if written in _SHOWN_STATUSES else status


@cache
def status_hash(status: str) -> str:
    """Of a status, whichever record it is of."""
    return part_hash(["status", status])


def status_of_hash(held: str) -> str | None:
    """The status behind a hash of the ledger; ``None`` for that of no known status."""
    return next((status for status in _EVERY_STATUS if status_hash(status) == held), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderContent:
    """The fields of a potential change order that we write. ``due_date`` is ``YYYY-MM-DD``.

    The number is not among them: where it is taken the remote gives its own.
    """

    title: str | None
    description: str | None = None
    due_date: str | None = None
    schedule_days: int | None = None

    @property
    def hash(self) -> str:
        """Equal for equal content."""
        return part_hash(self)

    def with_status(self, status: str | None) -> str:
        """The hash of the whole record but its lines."""
        return part_hash([self, status])


@dataclass(frozen=True, slots=True, kw_only=True)
class LineContent:
    """The fields of a line that we write, but for the codes that are looked up.

    ``quantity``, ``unit_cost`` and ``unit`` count only where they make the amount
    (Procore docs, "Potential Change Order Line Items": ``extended_type`` ``calculated``).
    """

    description: str | None
    amount: Decimal
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    unit: str | None = None

    @property
    def hash(self) -> str:
        """Equal for equal content."""
        return part_hash(self)


def plain_text(text: str | None) -> str | None:
    """Text as it is compared: line ends as one character, no blanks around it, nothing as ``None``."""
    if text is None:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n").strip() or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What ``origin_data`` holds on a record that we wrote.

    ``content`` is the hash of what was written; ``part``, on lines, the hash in the ledger.
    """

    installation: str
    idempotency_key: str
    sequence: int
    content: str
    part: str | None = None

    def text(self) -> str:
        """As it is stored: a JSON object."""
        members = {
            "installation": self.installation,
            "idempotency_key": self.idempotency_key,
            "sequence": self.sequence,
            "content": self.content,
        }
        if self.part is not None:
            members["part"] = self.part
        return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


def read_mark(text: str | None) -> Mark | None:
    """Our mark in ``origin_data``, or ``None`` if somebody else's text or nothing is there."""
    members = object_in(text)
    if members is None:
        return None
    key, content, part = members.get("idempotency_key"), members.get("content"), members.get("part")
    sequence, installation = members.get("sequence"), members.get("installation")
    if not (isinstance(key, str) and isinstance(content, str) and isinstance(sequence, int)):
        return None
    return Mark(
        installation=installation if isinstance(installation, str) else "",
        idempotency_key=key,
        sequence=sequence,
        content=content,
        part=part if isinstance(part, str) else None,
    )
