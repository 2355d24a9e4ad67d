"""From the records of one topic to rows. Each fold may get a record again, and older ones after newer ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from relay.domain.routes import Routing
from relay.engine.kafka import Record

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decoded(Generic[T]):
    """A record and what it says; ``None``: it ends what stands under its key."""

    record: Record
    value: T | None

    @property
    def key(self) -> str:
        """The record's key as text."""
        return (self.record.key or b"").decode("utf-8", "backslashreplace")


Fold = Callable[[Connection, Sequence[Decoded[Any]], Routing], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedTopic:
    """What the records of a topic are, and how they become rows.

    ``misread`` takes one that cannot be read, and why.
    """

    record: type[Any]
    fold: Fold
    misread: Callable[[Connection, Record, str], None] | None = None


Folds = Mapping[str, FoldedTopic]
