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


def resolved(task: Task[ProcoreCommand], remapped: RemappedCommand | None) -> Task[ProcoreCommand]:
    """The task with the contract and the rules that hold for it, as far as they are known; never another payload.

    A look always goes where the ledger says. A decision does not if its own route has been given another contract.
    """
    command = task.command
    if not command.is_about_a_record:
        return task
    route = remapped.command if remapped else None
    if route is not None:
        command = replace(command, destination=route.destination, rules=route.rules)
    if task.entry is not None and (command.operation is Operation.VERIFY or (remapped is not None and route is None)):
        command = replace(command, destination=command.destination.named(task.entry.destination))
    return replace(task, command=command)


def by_its_route(context: PlanContext) -> Plan | None:
    """Asks for the route that carries the change order; ``None`` where it is known, or cannot be."""
    place = context.ledger_fact(ProcoreFact.EVENT)
    if context.facts.remapped is not None or place is None or not context.command.is_about_a_record:
        return None
    return read_call(context, Step.MAP_AGAIN, context.command.origin_id, place)


def elsewhere_by_its_route(context: PlanContext) -> Plan | None:
    """Asks for the route where the command names another contract than the ledger; else ``None``."""
    if context.entry is None or context.entry.destination == context.command.destination.name:
        return None
    return by_its_route(context)
