"""Verifying has no version: it replaces nothing, and whatever is newer takes its place."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.outcomes import OutcomeKind
from tests.unit.engine.writer.invariants import check_invariants
from tests.unit.engine.writer.model import ProtocolModel, command


def verify(number: int, sequence: int) -> ProcoreCommand:
    """Observed at the target, whose sequences have nothing to do with the source's."""
    return replace(command(number, sequence, "", "", withdraw=True), operation=Operation.VERIFY)


def ends(model: ProtocolModel) -> dict[str | None, OutcomeKind]:
    return {outcome.command_id: outcome.kind for outcome in model.log.outcomes if outcome.kind.is_terminal}


def test_an_edit_after_an_observation_is_carried() -> None:
    model = ProtocolModel()
    model.submit(command(1, 1, "door", "pending"))
    model.settle()
    model.submit(verify(1, 1_700_000_000))
    model.receive()
    model.submit(command(1, 2, "window", "pending"))
    judge_all_but_verifying(model)
    assert ends(model)["1/1700000000"] is OutcomeKind.SUPERSEDED
    assert ends(model)["1/2"] is OutcomeKind.APPLIED
    model.close()


def test_an_observation_replaces_nothing_that_waits() -> None:
    model = ProtocolModel()
    model.submit(command(1, 1, "door", "pending"))
    model.submit(verify(1, 1_700_000_000))
    judge_all_but_verifying(model)
    assert ends(model)["1/1700000000"] is OutcomeKind.SUPERSEDED
    assert ends(model)["1/1"] is OutcomeKind.APPLIED
    model.close()


def judge_all_but_verifying(model: ProtocolModel) -> None:
    model.settle()
    verifying = [command for command in model.sent if command.operation is Operation.VERIFY]
    ids = {command.command_id for command in verifying}
    settled = [outcome for outcome in model.log.outcomes if outcome.command_id in ids]
    assert len(settled) == len(verifying)
    model.sent = [command for command in model.sent if command not in verifying]
    model.log.outcomes = [outcome for outcome in model.log.outcomes if outcome not in settled]
    check_invariants(model)
    model.log.outcomes += settled
