"""The lists that lines and change orders refer to, into the memory."""

from __future__ import annotations

from relay.domain.failures import Denied
from relay.engine.writer.adapter import ReadDone
from workers.procore_writer.cache import lookups
from workers.procore_writer.calls.context import Calling, Results


def cost_codes(calling: Calling) -> Results:
    """The project's cost codes."""
    project = calling.destination.project_id
    found = calling.client.references.cost_codes(project, terms=calling.read_terms)
    calling.memory.cost_codes.put((calling.command.account, project), lookups.cost_codes(found))
    return calling.everybody(ReadDone())


def line_item_types(calling: Calling) -> Results:
    """The line item types offered in the project."""
    project = calling.destination.project_id
    found = calling.client.references.line_item_types(project, terms=calling.read_terms)
    calling.memory.line_item_types.put((calling.command.account, project), lookups.line_item_types(found))
    return calling.everybody(ReadDone())


def units(calling: Calling) -> Results:
    """The company's units of measure; a line names its unit, so that it can be written without the list."""
    try:
        found = lookups.units(calling.client.references.units_of_measure(terms=calling.read_terms))
    except Denied:
        found = lookups.UNREADABLE_UNITS
    calling.memory.units.put(calling.command.account, found)
    return calling.everybody(ReadDone())


def change_reasons(calling: Calling) -> Results:
    """The company's change reasons."""
    found = calling.client.references.change_reasons(terms=calling.read_terms)
    calling.memory.reasons.put(calling.command.account, lookups.change_reasons(found))
    return calling.everybody(ReadDone())
