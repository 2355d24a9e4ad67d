"""What a look at our own record showed."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.commands import ProcoreCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Parts of the ledger that the remote no longer shows as we wrote them.

    ``person``: somebody changed them. ``overtaken``: an older writing of ours came after a newer
    one. ``deleted``: the record is gone. ``sides`` are JSON texts of what each side holds.
    """

    person: frozenset[str] = frozenset()
    overtaken: frozenset[str] = frozenset()
    deleted: bool = False
    sides: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Everything is as the ledger says."""
        return not (self.person or self.overtaken or self.deleted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What the last carried event gives by today's routes; ``None`` where it can no longer be found.

    Its contract and rules are those of the route, its payload is what may have to be written again.
    """

    command: ProcoreCommand | None = None
