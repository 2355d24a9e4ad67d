"""What is noted in an intent about the purchase order before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

_ORDER = "order:"
_TARGET = "changed:"
_HELD = "held:"
_PARTIAL = "partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """``pocos``: the guids of those that were there. ``whole`` false: perhaps not all of them.

    Where a POCO is changed, ``target`` is its guid and ``held`` the hash of what it said.
    """

    order: str
    pocos: frozenset[str] = frozenset()
    whole: bool = True
    target: str | None = None
    held: str | None = None

    def facts(self) -> tuple[str, ...]:
        """As an intent keeps it."""
        marked = [_ORDER + self.order]
        marked += [] if self.whole else [_PARTIAL]
        marked += [] if self.target is None else [_TARGET + self.target]
        marked += [] if self.held is None else [_HELD + self.held]
        return (*marked, *sorted(self.pocos))

    @classmethod
    def read(cls, facts: tuple[str, ...]) -> OrderSnapshot:
        """From an intent."""
        named = {mark: _value(facts, mark) for mark in (_ORDER, _TARGET, _HELD)}
        return cls(
            order=named[_ORDER] or "",
            pocos=frozenset(fact for fact in facts if fact != _PARTIAL and not fact.startswith(tuple(named))),
            whole=_PARTIAL not in facts,
            target=named[_TARGET],
            held=named[_HELD],
        )


def _value(facts: tuple[str, ...], mark: str) -> str | None:
    return next((fact.removeprefix(mark) for fact in facts if fact.startswith(mark)), None)
