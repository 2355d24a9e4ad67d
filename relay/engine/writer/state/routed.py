"""Commands for destinations that no route of the file in force names: nothing of them is sent.

The writer's file may be older than the one that a command was mapped with, or newer. So such a command first waits, for
as long as a changed file takes to reach every stage. If its destination is named then, it goes on. Else it ends as
``skipped``, with a letter: the command is kept in it, and the keeper maps its event anew
(:data:`relay.domain.redrive.UNROUTED`). A newer command takes its place at any time, as always.

What may have been sent already is brought to its end, and what a person has decided is done.
"""

from __future__ import annotations

from relay.domain.commands import Command, Operation
from relay.domain.ledger import Waiting
from relay.domain.outcomes import OutcomeKind
from relay.domain.redrive import UNROUTED
from relay.domain.routes import DestinationName
from relay.engine.letters import AS_IS_HEADER
from relay.engine.writer.adapter import C, Done, Plan, PlannedCall, Reject, Task, Wait
from relay.engine.writer.state.partition_state import PartitionState


def unrouted_reason(system: str) -> str:
    """The reason of the wait, the outcome and the letter."""
    return f"{system}.{UNROUTED}"


def follow_routes(state: PartitionState[C], routed: frozenset[DestinationName]) -> None:
    """Takes over what routes name now; what is planned already, or waits for a route, is planned anew."""
    if routed == state.routed:
        return
    state.routed = routed
    for origin_id, key in state.scheduler.scheduled():
        state.scheduler.schedule(origin_id, key.lane)
    state.scheduler.end_delays(unrouted_reason(state.adapter.system))


def within_routes(state: PartitionState[C], record: Waiting, task: Task[C], plan: Plan) -> Plan:
    """``plan``, or what becomes of its command where no route names its destination."""
    destination = _destination(task)
    if isinstance(plan, Done) or _is_exempt(record, task, plan) or is_named(state, destination):
        state.memory[task.command.origin_id].unrouted_since = None
        return plan
    reason, sentence = unrouted_reason(task.command.system), _sentence(task.command, destination)
    if task.command.operation is Operation.VERIFY:
        return Done(kind=OutcomeKind.SKIPPED, reason=reason, sentence=sentence)
    left = _note_since(state, task.command) + state.timing.routes_settle_in - state.clock.running()
    if left > 0:
        return Wait(seconds=left, reason=reason, sentence=sentence)
    return Reject(reason=reason, sentence=sentence, outcome=OutcomeKind.SKIPPED)


def is_named(state: PartitionState[C], destination: DestinationName) -> bool:
    """Whether a route of the file in force names it; without a file it counts as named."""
    return state.routed is None or destination in state.routed


def _note_since(state: PartitionState[C], command: Command) -> float:
    """Since when the command waits, from now on where it is new: a newer one may have been mapped with a newer file."""
    memory = state.memory[command.origin_id]
    if memory.unrouted_since is None or memory.unrouted_since[0] != command.command_id:
        memory.unrouted_since = (command.command_id, state.clock.running())
    return memory.unrouted_since[1]


def _destination(task: Task[C]) -> DestinationName:
    """Where the call goes: a look goes where the record was written, whatever its route says now."""
    command, entry = task.command, task.entry
    looks = command.operation is Operation.VERIFY and entry is not None
    return DestinationName(command.account, entry.destination if looks and entry else command.destination.name)


def _is_exempt(record: Waiting, task: Task[C], plan: Plan) -> bool:
    if task.intent is not None or task.command.operation.is_decision:
        return True
    if task.command.operation is Operation.VERIFY:
        return not (isinstance(plan, PlannedCall) and plan.writes)
    return any(header.name == AS_IS_HEADER for header in record.headers)


def _sentence(command: Command, destination: DestinationName) -> str:
    return (
        f"No route names {destination.name} of the {command.system} account {destination.account!r}: nothing is sent "
        "there. The change order is mapped anew by itself, with the routes of then, within about ten minutes; once it "
        "has a letter, `cor letters redrive` does it at once."
    )
