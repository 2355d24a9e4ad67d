"""The lists that lines and change orders refer to, into the memory."""

from __future__ import annotations

from relay.domain.failures import Denied
from relay.engine.writer.adapter import ReadDone
from workers.procore_writer.cache import lookups
from workers.procore_writer.calls.context import CallContext, Results


def cost_codes(calling: CallContext) -> Results:
    """The project's cost codes."""
    project = calling.destination.project_id
    found = calling.client.references.cost_codes(project, terms=calling.read_terms)
    calling.cache.cost_codes.put((calling.command.account, project), lookups.cost_codes(found))
    return calling.same_for_all(ReadDone())


def line_item_types(calling: CallContext) -> Results:
    """The line item types offered in the project."""
    project = calling.destination.project_id
    found = calling.client.references.line_item_types(project, terms=calling.read_terms)
    calling.cache.line_item_types.put((calling.command.account, project), lookups.line_item_types(found))
    return calling.same_for_all(ReadDone())


def units(calling: CallContext) -> Results:
    """The company's units of measure; a line names its unit, so that it can be written without the list."""
    try:
        found = lookups.units(calling.client.references.units_of_measure(terms=calling.read_terms))
    except Denied:
        found = lookups.UNREADABLE_UNITS
    calling.cache.units.put(calling.command.account, found)
    return calling.same_for_all(ReadDone())


def change_reasons(calling: CallContext) -> Results:
    """The company's change reasons."""
    found = calling.client.references.change_reasons(terms=calling.read_terms)
    calling.cache.reasons.put(calling.command.account, lookups.change_reasons(found))
    return calling.same_for_all(ReadDone())
