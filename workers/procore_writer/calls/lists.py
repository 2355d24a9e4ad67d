"""The lists that lines and change orders refer to, into the memory."""

from __future__ import annotations

from relay.domain.failures import Denied
from relay.engine.writer.adapter import ReadDone
from workers.procore_writer.cache import lookups
from workers.procore_writer.calls.context import CallContext, Results


def cost_codes(call: CallContext) -> Results:
    """The project's cost codes."""
    project = call.destination.project_id
    found = call.client.references.cost_codes(project, terms=call.read_terms)
    call.cache.cost_codes.put((call.command.account, project), lookups.cost_codes(found))
    return call.same_for_all(ReadDone())


def line_item_types(call: CallContext) -> Results:
    """The line item types offered in the project."""
    project = call.destination.project_id
    found = call.client.references.line_item_types(project, terms=call.read_terms)
    call.cache.line_item_types.put((call.command.account, project), lookups.line_item_types(found))
    return call.same_for_all(ReadDone())


def units(call: CallContext) -> Results:
    """The company's units of measure; a line names its unit, so that it can be written without the list."""
    try:
        found = lookups.units(call.client.references.units_of_measure(terms=call.read_terms))
    except Denied:
        found = lookups.UNREADABLE_UNITS
    call.cache.units.put(call.command.account, found)
    return call.same_for_all(ReadDone())


def change_reasons(call: CallContext) -> Results:
    """The company's change reasons."""
    found = call.client.references.change_reasons(terms=call.read_terms)
    call.cache.reasons.put(call.command.account, lookups.change_reasons(found))
    return call.same_for_all(ReadDone())
