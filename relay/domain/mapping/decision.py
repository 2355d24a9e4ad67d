"""What becomes of an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.domain.commands import Lane, TargetCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Nothing is to be done, and that is as it should be. It ends in an outcome ``skipped``."""

    reason: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """It cannot be carried until somebody acts. It ends in an outcome ``rejected`` and a letter.

    The target's names are ``None`` where the event as a whole is meant.
    """

    reason: str
    sentence: str
    system: str | None = None
    account: str | None = None
    target: str | None = None
    origin_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Commands, skips and refusals of one event; at least one of them. Commands go to ``lane``.

    ``shown``: by the names of targets what people call them.
    """

    lane: Lane
    commands: tuple[TargetCommand, ...] = ()
    skips: tuple[Skip, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)


class CannotCarry(Exception):
    """Raised while a payload is made: ``what`` completes the reason, ``sentence`` is for people."""

    def __init__(self, what: str, sentence: str) -> None:
        super().__init__(sentence)
        self.what = what
        self.sentence = sentence
