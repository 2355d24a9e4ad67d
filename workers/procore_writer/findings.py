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
    """The command whose content has to be written again; ``None`` where it can no longer be found."""

    command: ProcoreCommand | None = None
