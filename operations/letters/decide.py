"""A person decides about a write whose outcome is unknown: adopt the record that is there, or send once more."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused
from operations.letters.open_letters import (
    OpenLetter,
    OpenLetters,
    Shown,
    as_shown,
    asking_letter,
    by_id_or_prefix,
    remapping,
    takes_decision,
)
from operations.reading import entries_of
from relay.domain import identity
from relay.domain.commands import Mode, Operation, TargetCommand
from relay.domain.ledger import LedgerEntry, new_entry
from relay.domain.letters import MAPPER, DeadLetter
from relay.engine.kafka import Outgoing, RecordFetcher
from relay.engine.letters import letter_headers
from relay.engine.mapping.remap import CannotRedrive
from relay.engine.topics import FAMILIES
from relay.engine.writer.state.unreadable import FROZEN_REASONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision as it is written. ``seen_sequence``: what the ledger had seen; ``number``: of the audit entry, once
    it is committed.
    """

    letter: OpenLetter
    command: TargetCommand
    outgoing: Outgoing
    seen_sequence: int
    number: int | None = None


def decide(
    environment: Environment,
    letter_id: str,
    operation: Operation,
    remote_id: str | None,
    *,
    who: str,
    why: str,
    shown: Shown | None = None,
) -> Decided:
    """Writes the decision as a command, in one transaction with its audit entry.

    ``letter_id`` may be a beginning. Raises ``Refused`` where the letter is gone, is not as it was ``shown``, or asks
    for no decision, and where the configuration wants a second person: then it can only be proposed.
    """
    if operation in environment.configuration.second_person:
        raise Refused(f"{operation.value} needs a second person (`second_person` in {environment.settings.config})")
    ready = ready_decision(environment, letter_id, operation, remote_id, who=who, shown=shown)
    with AuditedTransaction(environment, who, why) as transaction:
        action = transaction.action(ready.letter.subject, f"letter.{operation.value}", details_of(ready))
        transaction.commit([ready.outgoing], [action])
        return replace(ready, number=transaction.numbers[-1])


def ready_decision(
    environment: Environment,
    letter_id: str,
    operation: Operation,
    remote_id: str | None,
    *,
    who: str,
    shown: Shown | None = None,
) -> Decided:
    """The decision, of which nothing is written. Raises ``Refused`` as :func:`decide`."""
    open_letters = OpenLetters(environment)
    letters = open_letters.open()
    open_letter = by_id_or_prefix(letters, letter_id)
    if not as_shown([open_letter], shown):
        raise Refused(f"letter {open_letter.id} changed since you looked: it was tried again, or stands elsewhere")
    with RecordFetcher(environment.connection) as fetcher:
        letter = open_letters.whole(fetcher, open_letter)
    if letter is None:
        raise Refused(f"letter {open_letter.id} was settled or sent again just now")
    reviewed = _reviewed(environment, open_letter, letter)
    entry = _doubted(environment, letters, open_letter, reviewed)
    command = decided(versioned(reviewed, entry), letter, operation, remote_id, person=who)
    return Decided(
        letter=open_letter,
        command=command,
        outgoing=_outgoing(environment, command, letter),
        seen_sequence=entry.seen_sequence,
    )


def details_of(ready: Decided) -> dict[str, object]:
    """What the audit entry says of it."""
    command = ready.command
    return {
        "letter_id": ready.letter.id,
        "command_id": command.command_id,
        "adopt_remote_id": command.adopt_remote_id,
    }


def _reviewed(environment: Environment, open_letter: OpenLetter, letter: DeadLetter) -> TargetCommand:
    try:
        return remapping(environment).command_of(letter)
    except CannotRedrive as error:
        raise (_certain(open_letter) if letter.stage == MAPPER else Refused(str(error))) from error


def _doubted(
    environment: Environment, letters: Sequence[OpenLetter], open_letter: OpenLetter, reviewed: TargetCommand
) -> LedgerEntry:
    """What the ledger knows of it; nothing where the letter is about an entry or an intent that cannot be read."""
    if open_letter.letter.reason in FROZEN_REASONS:
        return new_entry(reviewed)
    entry = entries_of(environment, [reviewed]).get(reviewed.origin_id)
    if entry is not None and takes_decision(open_letter, letters, entry):
        return entry
    asked = asking_letter(letters, entry) if entry is not None and entry.review is not None else None
    if asked is not None:
        raise Refused(
            f"letter {open_letter.id} asks for no decision; its change order waits for the one that letter {asked.id} "
            f"asks for: see `cor letters show {asked.id}`"
        )
    raise _certain(open_letter)


def _certain(open_letter: OpenLetter) -> Refused:
    return Refused(
        f"nothing about letter {open_letter.id} is in doubt: correct what it names, then "
        f"`cor letters redrive {open_letter.id}`"
    )


def versioned(reviewed: TargetCommand, entry: LedgerEntry) -> TargetCommand:
    """A look at the remote's record counts that record's observations: its number says nothing of the change order.

    As a version it would be newer than every later revision, none of which would be carried any more.
    """
    if reviewed.operation is not Operation.VERIFY:
        return reviewed
    return replace(reviewed, sequence=entry.seen_sequence, mapped_at=entry.seen_mapped_at)


def decided(
    reviewed: TargetCommand,
    letter: DeadLetter,
    operation: Operation,
    remote_id: str | None,
    *,
    person: str | None = None,
) -> TargetCommand:
    """The decision as a command: payload, sequence and version are those of what is decided about."""
    key = identity.idempotency_key(
        target=f"{reviewed.system}:{reviewed.account}:{reviewed.target}",
        destination=reviewed.destination.name,
        origin=reviewed.origin_id,
        operation=operation.value,
        sequence=reviewed.sequence,
        payload_hash=reviewed.payload_hash,
    )
    return replace(
        reviewed,
        command_id=str(uuid.uuid4()),
        operation=operation,
        idempotency_key=key,
        mode=Mode.LIVE,
        letter_id=letter.letter_id,
        adopt_remote_id=remote_id,
        person=person,
        plan_id=None,
    )


def _outgoing(environment: Environment, command: TargetCommand, letter: DeadLetter) -> Outgoing:
    """On the live lane, beside everything else of its tenant."""
    lane = FAMILIES[command.system].commands
    count = environment.counts([lane])[lane]
    topic = environment.name(lane)
    number = identity.tenant_partition(command.system, command.account, count)
    value = environment.codec.encode(command, topic)
    return Outgoing(topic, command.origin_id.encode(), value, number, letter_headers(letter))
