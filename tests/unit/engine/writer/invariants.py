"""What must hold of the protocol at rest, judged by its remote and its log."""

from __future__ import annotations

from collections import Counter

from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.writes.remote_writes import WriteOperation
from tests.unit.engine.writer.model import ProtocolModel


def check_invariants(model: ProtocolModel) -> None:
    """Lets the protocol come to rest, waits for the latest of late requests, and looks."""
    model.settle()
    model.pass_time(100.0)
    every_command_ended_once(model)
    the_remote_says_what_the_newest_says(model)
    nothing_older_was_applied_later(model)
    nothing_was_made_twice(model)
    nothing_new_was_sent_under_a_hold(model)


def every_command_ended_once(model: ProtocolModel) -> None:
    ends = Counter(outcome.command_id for outcome in model.log.outcomes if outcome.kind.is_terminal)
    assert ends == Counter(command.command_id for command in model.sent)


def the_remote_says_what_the_newest_says(model: ProtocolModel) -> None:
    refused = {outcome.command_id for outcome in model.log.outcomes if outcome.kind is OutcomeKind.REJECTED}
    newest = {command.origin_id: command for command in sorted(model.sent, key=lambda command: command.version)}
    for origin_id, command in newest.items():
        if command.payload is not None and command.command_id not in refused:
            assert model.remote.headers.get(origin_id) == (command.sequence, command.payload.title)
            if command.payload.status == "approved":
                assert origin_id in model.remote.notes


def nothing_older_was_applied_later(model: ProtocolModel) -> None:
    highest: dict[str, int] = {}
    for origin_id, sequence in model.remote.applied:
        assert sequence >= highest.get(origin_id, 0)
        highest[origin_id] = sequence


def nothing_was_made_twice(model: ProtocolModel) -> None:
    assert all(count == 1 for count in Counter(model.remote.notes).values())


def nothing_new_was_sent_under_a_hold(model: ProtocolModel) -> None:
    assert model.sent_under_a_hold == 0


def is_found(model: ProtocolModel, origin_id: str, sequence: int) -> bool:
    """Whether a look has told of it, for the command in hand by then."""
    looks = (write for write in model.log.writes if write.step == "look")
    return any(write.origin_id == origin_id and write.sequence >= sequence for write in looks)


def what_was_applied_is_told_once(model: ProtocolModel) -> None:
    """Whatever was lost or done twice, as long as inbox and ledger can be read.

    What waits for a person is told once the person has decided, unless another revision followed it by then.
    """
    told = Counter((write.origin_id, write.step, write.sequence) for write in model.log.writes)
    assert all(count == 1 for count in told.values())
    assert len({write.write_id for write in model.log.writes}) == len(model.log.writes)
    made = Counter(
        write.origin_id for write in model.log.writes if write.records[0].operation is WriteOperation.CREATED
    )
    reviews = (letter for letter in model.letters() if letter.kind is LetterKind.NEEDS_REVIEW)
    in_review = {origin_id for letter in reviews if (origin_id := letter.origin_id) is not None}
    newest = {
        command.origin_id: command.sequence for command in sorted(model.sent, key=lambda command: command.version)
    }
    followed = {(origin_id, sequence) for origin_id, sequence in model.asked_about if newest[origin_id] > sequence}
    for origin_id, sequence in model.remote.applied:
        in_doubt = origin_id in in_review or (origin_id, sequence) in followed
        assert in_doubt or told[origin_id, "header", sequence] == 1 or is_found(model, origin_id, sequence)
    asked_about = {origin_id for origin_id, _ in followed}
    for origin_id in {origin_id for origin_id, _ in model.remote.applied} - in_review:
        there = 1 + (origin_id in model.remote.notes)
        assert made[origin_id] <= there if origin_id in asked_about else made[origin_id] == there
