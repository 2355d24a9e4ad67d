"""Dead letters: what could not be done, kept so that a person understands it and can send it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAPPER = "mapper"
"""The stage whose letters hold events; the writers' hold commands."""

DEFECT = "relay.defect"
"""The reason where the relay itself failed over a record or a change order."""

PROJECT_HEADER = "cor-project"
"""A header of a letter about a whole project: which, as :class:`SourceProject` writes it."""


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
class SourceProject:
    """A project of an observed account."""

    system: str
    account: str
    project: str

    def __str__(self) -> str:
        return f"{self.system}:{self.account}/project:{self.project}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """The original record and the story of its failure. One about a whole project holds no record.

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

    @property
    def source(self) -> str | None:
        """System and account of the source, as a change order's key begins."""
        if self.of_project is not None:
            return f"{self.of_project.system}:{self.of_project.account}"
        key = self.change_order_key
        return None if key is None else ":".join(key.split(":")[:2])

    @property
    def of_project(self) -> SourceProject | None:
        """The project that the letter is about as a whole; ``None`` for a letter about a record, which it holds."""
        text = next((header.value for header in self.headers if header.name == PROJECT_HEADER), None)
        if self.stage != MAPPER or self.record_value is not None or not text:
            return None
        account, _, project = text.decode("utf-8", "replace").partition("/project:")
        system, _, name = account.partition(":")
        return SourceProject(system=system, account=name, project=project) if name and project else None
