"""The lists that lines and change orders refer to, into the cache."""

from __future__ import annotations

from relay.domain.failures import Denied
from relay.engine.writer.adapter import ReadDone
from workers.procore_writer.cache import lookups
from workers.procore_writer.calls.context import CallContext, Results


def cost_codes(call: CallContext) -> Results:
    """The project's cost codes."""
    project = call.destination.project_id
    codes = call.client.references.cost_codes(project, terms=call.read_terms())
    call.cache.cost_codes.put((call.command.account, project), lookups.cost_codes(codes))
    return call.same_for_all(ReadDone())


def line_item_types(call: CallContext) -> Results:
    """The line item types offered in the project."""
    project = call.destination.project_id
    types = call.client.references.line_item_types(project, terms=call.read_terms())
    call.cache.line_item_types.put((call.command.account, project), lookups.line_item_types(types))
    return call.same_for_all(ReadDone())


def units(call: CallContext) -> Results:
    """The company's units of measure; a line names its unit, so that it can be written without the list."""
    try:
        lookup = lookups.units(call.client.references.units_of_measure(terms=call.read_terms()))
    except Denied:
        lookup = lookups.UNREADABLE_UNITS
    call.cache.units.put(call.command.account, lookup)
    return call.same_for_all(ReadDone())


def change_reasons(call: CallContext) -> Results:
    """The company's change reasons."""
    reasons = call.client.references.change_reasons(terms=call.read_terms())
    call.cache.reasons.put(call.command.account, lookups.change_reasons(reasons))
    return call.same_for_all(ReadDone())
