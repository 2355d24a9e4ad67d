"""Dead letters: what could not be done, kept so that a person understands it and can send it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAPPER = "mapper"
"""The stage whose letters hold events; the writers' hold commands."""


class LetterKind(StrEnum):
    """``unreadable``: bytes that are no record of ours. ``needs_review``: a person must decide."""

    REJECTED = "rejected"
    NEEDS_REVIEW = "needs_review"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterHeader:
    """One Kafka header of the record that failed, untouched."""

    name: str
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """The original record and the story of its failure.

    ``reason`` is machine-readable (``cinx.po_not_found``), ``sentence`` says to an accountant what
    happened and what to do. ``sides`` are JSON texts of both sides of a doubt.
    """

    letter_id: str
    kind: LetterKind
    stage: str
    topic: str
    partition: int
    offset: int
    record_key: bytes | None
    record_value: bytes | None
    headers: tuple[LetterHeader, ...]
    change_order_key: str | None
    origin_id: str | None
    command_id: str | None
    reason: str
    sentence: str
    remote_answer: str
    attempts: int
    first_at: datetime
    last_at: datetime
    sides: tuple[str, ...] = ()
