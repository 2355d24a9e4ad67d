"""What a replay would change, and about how many remote calls that takes. Nothing is asked of the remotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from operations.environment import Environment
from operations.forecast.calls import Forecast
from operations.reading import latest_by_key, pass_over
from relay.domain.commands import CinxCommand, Mode, Operation, ProcoreCommand
from relay.domain.ledger import LedgerEntry
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.kafka import read_to_end
from relay.engine.topics import FAMILIES, OUTCOMES
from schemas import Unreadable

Command = ProcoreCommand | CinxCommand

_READ = frozenset({"compare", "recognise"})
_CARRIED = frozenset({OutcomeKind.APPLIED, OutcomeKind.UNCHANGED})

Carried = Callable[[str], str | None]
"""Of an origin id the idempotency key of what was carried last."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What the ledger says of an origin id, as far as a replay's cost depends on it."""

    seen_sequence: int
    payload_hash: str | None
    was_sent: bool


def ledgers(environment: Environment) -> dict[str, KnownEntry]:
    """What the ledgers of every tenant say, by origin id."""
    found: dict[str, KnownEntry] = {}
    counts = environment.counts(family.ledger for family in FAMILIES.values())
    for family in FAMILIES.values():
        for record in latest_by_key(
            environment.connection, environment.every(family.ledger, counts[family.ledger])
        ).values():
            try:
                entry = environment.codec.decode(record.value or b"", LedgerEntry)
            except Unreadable:  # Foreign, or of a change order that its writer has frozen, with a letter.
                continue
            payload_hash = None if entry.withdrawn else entry.applied_payload_hash
            found[entry.origin_id] = KnownEntry(entry.seen_sequence, payload_hash, entry.was_sent)
    return found


class LastEnds:
    """How each change order ended last at its targets, read from the outcomes when it is asked for first.

    Where a ledger does not know a change order that was carried, our mark on the record does.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def carried(self, origin_id: str) -> str | None:
        """The idempotency key of what was carried last; ``None`` where nothing was, or it was taken back."""
        return self._keys.get(origin_id)

    @cached_property
    def _keys(self) -> dict[str, str | None]:
        environment, keys = self._environment, dict[str, str | None]()
        partitions = environment.every(OUTCOMES, environment.counts([OUTCOMES])[OUTCOMES])
        for record in read_to_end(environment.connection, partitions, pass_over=pass_over):
            with suppress(Unreadable):
                outcome = environment.codec.decode(record.value or b"", ChangeOrderOutcome)
                if outcome.origin_id is not None and outcome.kind in _CARRIED:
                    keys[outcome.origin_id] = outcome.idempotency_key
                elif outcome.origin_id is not None and outcome.kind is OutcomeKind.WITHDRAWN:
                    keys[outcome.origin_id] = None
        return keys


def fate(command: Command, entry: KnownEntry | None, carried: Carried = lambda _: None) -> str:
    """``unchanged``, ``superseded``, ``withdrawn`` and ``dry_run`` cost no call; the others do.

    ``recognise``: the ledger does not know the record, and our mark on it says that it was carried as it is.
    """
    if command.mode is Mode.DRY_RUN:
        return "dry_run"
    if command.operation is Operation.VERIFY:
        return "compare"
    if entry is not None and command.sequence < entry.seen_sequence:
        return "superseded"
    if command.operation is Operation.WITHDRAW and (entry is None or not entry.was_sent):
        return "withdrawn"
    if command.operation is Operation.APPLY and entry is not None and command.payload_hash == entry.payload_hash:
        return "unchanged"
    if entry is None and command.operation is Operation.APPLY:
        return "recognise" if carried(command.origin_id) == command.idempotency_key else "write"
    return "write"


@dataclass(slots=True)
class Cost:
    """Counts by fate, and what would be asked of the remotes."""

    fates: Counter[str] = field(default_factory=Counter)
    forecast: Forecast = field(default_factory=Forecast)

    def add(
        self, commands: Iterable[Command], entries: dict[str, KnownEntry], carried: Carried = lambda _: None
    ) -> None:
        """Counts the commands of one event."""
        for command in commands:
            entry = entries.get(command.origin_id)
            end = fate(command, entry, carried)
            self.fates[end] += 1
            if end in _READ:
                self.forecast.add_read(command)
            elif end == "write":
                self.forecast.add(command, is_there=entry is not None and entry.was_sent)

    def calls(self) -> dict[str, int]:
        """About how many calls each tenant gets."""
        return self.forecast.calls()
