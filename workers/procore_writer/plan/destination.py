"""Where a command goes that speaks of a record of ours, and by whose rules.

A look at our own record, and a person's decision about one, come from an event about that record. It tells the project
and our external id, not the route, and where the record is gone not the contract either: routes of several projects may
feed one project of Procore under one target name, each with rules of its own. What is known for certain is what the
ledger holds: the contract that was written to, and the event that was last carried, which today's routes map to
the contract and the rules that hold.
"""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.ledger_facts import ProcoreFact
from relay.engine.writer.adapter import Plan, Task
from workers.procore_writer.cache.cache import RemappedCommand
from workers.procore_writer.plan.steps import Step, read_call
from workers.procore_writer.situation import PlanContext

_ABOUT_A_RECORD = (Operation.VERIFY, Operation.ADOPT, Operation.RESUBMIT)


def resolved(task: Task[ProcoreCommand], again: RemappedCommand | None) -> Task[ProcoreCommand]:
    """The task with the contract and the rules that hold for it, as far as they are known; never another payload.

    A look always goes where the ledger says. A decision does not if its own route has been given another contract.
    """
    command = task.command
    if not _is_about_a_record(command):
        return task
    route = again.command if again else None
    if route is not None:
        command = replace(command, destination=route.destination, rules=route.rules)
    if task.entry is not None and (command.operation is Operation.VERIFY or (again is not None and route is None)):
        command = replace(command, destination=command.destination.named(task.entry.destination))
    return replace(task, command=command)


def by_its_route(context: PlanContext) -> Plan | None:
    """Asks for the route that carries the change order; ``None`` where it is known, or cannot be."""
    place = context.fact(ProcoreFact.EVENT)
    if context.facts.remapped is not None or place is None or not _is_about_a_record(context.command):
        return None
    return read_call(context, Step.MAP_AGAIN, context.command.origin_id, place)


def elsewhere_by_its_route(context: PlanContext) -> Plan | None:
    """The same, only where the command names another contract than the ledger."""
    if context.entry is None or context.entry.destination == context.command.destination.name:
        return None
    return by_its_route(context)


def _is_about_a_record(command: ProcoreCommand) -> bool:
    return command.payload is None and command.operation in _ABOUT_A_RECORD
