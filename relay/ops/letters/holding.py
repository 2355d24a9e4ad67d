"""What a letter holds: the event or the command that failed."""

from __future__ import annotations

from operations.environment import Environment
from relay.domain.commands import CinxCommand, ProcoreCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import DeadLetter
from relay.engine.mapping.decision_records import STAGE, MappedRecords, counts_of_targets
from relay.engine.mapping.remap import CannotRedrive, Remapping
from schemas import Unreadable

Command = ProcoreCommand | CinxCommand


def remapping(environment: Environment) -> Remapping:
    """What maps letters and events again."""
    counts = counts_of_targets(environment.connection, environment.prefix)
    records = MappedRecords(environment.codec, environment.prefix, counts)
    return Remapping(environment.codec, records, environment.prefix)


def event_in(environment: Environment, letter: DeadLetter) -> ChangeOrderObserved | None:
    """The event that a letter of the mapper holds, if it can be read."""
    if letter.stage != STAGE or letter.record_value is None:
        return None
    try:
        return environment.codec.decode(letter.record_value, ChangeOrderObserved)
    except Unreadable:
        return None


def command_in(again: Remapping, letter: DeadLetter) -> Command | None:
    """The command that a letter of a writer holds, if it can be read."""
    try:
        return again.command_of(letter)
    except CannotRedrive:
        return None
