"""Where a command goes that speaks of a POCO of ours.

A look at our own POCO, and a person's decision about one, come from an event about that POCO. It tells our external
id, not the route, and not always the purchase order: routes of several projects may order under one target name. Where
something was ordered, the ledger knows on which purchase order.
"""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import CinxCommand, CinxDestination, Operation
from relay.engine.writer.adapter import Task

_ABOUT_A_POCO = (Operation.VERIFY, Operation.ADOPT, Operation.RESUBMIT)


def placed(task: Task[CinxCommand]) -> Task[CinxCommand]:
    """The task with the purchase order that the ledger names. What a route wants to have ordered goes by the route."""
    command, entry = task.command, task.entry
    if entry is None or command.payload is not None or command.operation not in _ABOUT_A_POCO:
        return task
    there = CinxDestination(purchase_order=entry.destination)
    return replace(task, command=replace(command, destination=there))
