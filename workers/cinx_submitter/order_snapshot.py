"""What an intent keeps of a purchase order as it was before anything was sent."""

from __future__ import annotations

from dataclasses import dataclass

_ORDER = "order:"
_TARGET = "changed:"
_HELD = "held:"
_PARTIAL = "partial"
_REPEATABLE = "repeatable"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """The purchase order's guid, and in ``pocos`` the guids of its POCOs; ``whole`` false: perhaps not all of them.

    Where a POCO is changed, ``target`` is its guid and ``held`` the hash of what it said; ``repeatable``: every line
    that is sent names a line of CINX's, so that the change says the same however often it is made.

    ``Intent.before`` is a list of texts in the published schemas of inbox and ledger. The guids go into it as they
    are, everything else behind a prefix with which no guid begins. A map in the intent would be another version of
    both schemas for what only the submitter writes and reads.
    """

    order: str
    pocos: frozenset[str] = frozenset()
    whole: bool = True
    target: str | None = None
    held: str | None = None
    repeatable: bool = False

    def packed(self) -> tuple[str, ...]:
        """The texts for ``Intent.before``, always in the same order."""
        prefixed = [_ORDER + self.order]
        prefixed += [] if self.whole else [_PARTIAL]
        prefixed += [_REPEATABLE] if self.repeatable else []
        prefixed += [] if self.target is None else [_TARGET + self.target]
        prefixed += [] if self.held is None else [_HELD + self.held]
        return (*prefixed, *sorted(self.pocos))

    @classmethod
    def unpack(cls, texts: tuple[str, ...]) -> OrderSnapshot:
        """The snapshot of ``Intent.before``; an intent without one gives an empty snapshot."""
        values = {prefix: _value(texts, prefix) for prefix in (_ORDER, _TARGET, _HELD)}
        stated = (_PARTIAL, _REPEATABLE)
        return cls(
            order=values[_ORDER] or "",
            pocos=frozenset(text for text in texts if text not in stated and not text.startswith(tuple(values))),
            whole=_PARTIAL not in texts,
            target=values[_TARGET],
            held=values[_HELD],
            repeatable=_REPEATABLE in texts,
        )


def _value(texts: tuple[str, ...], prefix: str) -> str | None:
    return next((text.removeprefix(prefix) for text in texts if text.startswith(prefix)), None)
