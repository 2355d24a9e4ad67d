"""Identity: the names under which a change order is known here and at the remotes.

An origin id never contains a revision, so that every revision of a change order meets the same
record. Hashes never include the mark that we leave on a record (``origin_data``).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from relay.domain.canonical_text import canonical_text

_NAMESPACE = uuid.UUID("6f0e3d2c-52a5-5e55-9a5e-5d0d4a3c7f10")

LONGEST_KEY: Final = 1024
"""Bytes of a change-order key that is believed: what is made of it has it as its key, and once more in its value."""

LONGEST_NAME: Final = 2 * LONGEST_KEY
"""Bytes of any other name that a command has, its origin id for one: all that tells of the command repeats them."""


def change_order_key(system: str, account: str, change_order_id: str) -> str:
    """The key of a change order on the observed and outcome topics."""
    return f"{system}:{account}:{change_order_id}"


def origin_id(root: str, target: str) -> str:
    """The external id of what ``target`` makes of the change order ``root`` (a change-order key)."""
    return f"cor:{root}:{target}"


def root_of(origin: str) -> tuple[str, str] | None:
    """``(change-order key, target)`` of one of our origin ids, or ``None`` for a foreign one."""
    pieces = origin.split(":")
    if len(pieces) < 5 or pieces[0] != "cor" or not all(pieces[:5]):
        return None
    return ":".join(pieces[1:4]), pieces[4]


def submission_claim(account: str, purchase_order: str) -> str:
    """What one open submission at a time has for itself: a purchase order of a CINX account."""
    return f"{account}/{purchase_order}"


def package_origin_id(origin: str) -> str:
    """The external id of the change order's package."""
    return f"{origin}:package"


def request_origin_id(origin: str) -> str:
    """The external id of the change order's change order request (3-tier)."""
    return f"{origin}:cor"


def item_origin_id(origin: str, item_id: str) -> str:
    """The external id of one line."""
    return f"{origin}:item:{item_id}"


def tenant_partition(system: str, account: str, partitions: int) -> int:
    """The one partition of a tenant, by number: SHA-256 of its name modulo the count."""
    digest = hashlib.sha256(f"{system}:{account}".encode()).digest()
    return int.from_bytes(digest, "big") % partitions


def event_id(key: str, sequence: int, fingerprint: str) -> str:
    """Returns the id of an observation: equal for equal arguments, so that an event that is published twice is seen."""
    return str(uuid.uuid5(_NAMESPACE, f"{key}\n{sequence}\n{fingerprint}"))


def letter_id(stage: str, topic: str, partition: int, offset: int) -> str:
    """The letter of a record's first failure at a stage."""
    return str(uuid.uuid5(_NAMESPACE, f"letter\n{stage}\n{topic}\n{partition}\n{offset}"))


def project_letter_id(system: str, account: str, project: str) -> str:
    """The one letter about a project that no route takes."""
    return str(uuid.uuid5(_NAMESPACE, f"unrouted\n{system}\n{account}\n{project}"))


def outcome_id(command_or_event: str, kind: str, occasion: str = "") -> str:
    """Returns the id of an outcome. Terminal outcomes of one command share it, so that a repeated one is noticed."""
    return str(uuid.uuid5(_NAMESPACE, f"outcome\n{command_or_event}\n{kind}\n{occasion}"))


def write_id(origin: str, command: str, step: str, bytes_hash: str, intended_at: str) -> str:
    """Returns the id of a write: that of its intent and step, however often their answer is recorded."""
    return str(uuid.uuid5(_NAMESPACE, f"write\n{origin}\n{command}\n{step}\n{bytes_hash}\n{intended_at}"))


def command_id(event: str, target: str, mapped_at: datetime, occasion: str = "") -> str:
    """Each produced command has its own id; mapping again at another time makes another."""
    return str(uuid.uuid5(_NAMESPACE, f"command\n{event}\n{target}\n{mapped_at.isoformat()}\n{occasion}"))


def content_hash(value: object) -> str:
    """SHA-256 (hex) over the canonical form."""
    return hashlib.sha256(canonical_text(value).encode()).hexdigest()


def part_hash(value: object) -> str:
    """A content hash short enough for a ledger entry that holds hundreds: 96 bits, hex."""
    return content_hash(value)[:24]


def idempotency_key(
    *,
    target: str,
    destination: str,
    origin: str,
    operation: str,
    sequence: int,
    payload_hash: str,
) -> str:
    """One key per intent: the same intent has the same key however often it is attempted."""
    return content_hash([target, destination, origin, operation, sequence, payload_hash])


def batch_key(keys: Sequence[str]) -> str:
    """The key of a call that carries several intents."""
    return keys[0] if len(keys) == 1 else content_hash(sorted(keys))


def change_order_key_of(origin: str) -> str:
    """The change order's key of an origin id; a text that is none is returned as it is."""
    named = root_of(origin)
    return named[0] if named else origin
