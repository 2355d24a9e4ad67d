"""The keys of the inbox topic: an origin id, a hold's scope or a tenant, and the slot."""

from __future__ import annotations

from relay.domain.ledger import Slot

_SEPARATOR = "|"  # No account, target or item name may hold it; an origin id never does.


def inbox_key(slot: Slot, subject: str) -> str:
    """``subject`` is an origin id, the scope of a hold, or an account's tenant."""
    return f"{subject}{_SEPARATOR}{slot.value}"


def slot_and_subject(key: str) -> tuple[Slot, str]:
    """The reverse. Raises ``ValueError`` for a key that is none."""
    subject, _, slot = key.rpartition(_SEPARATOR)
    if not subject:
        raise ValueError(f"{key!r} is no inbox key")
    return Slot(slot), subject
