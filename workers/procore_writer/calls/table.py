"""The calls that only read, by step: they fill the cache, or settle what is in doubt."""

from __future__ import annotations

from collections.abc import Callable

from workers.procore_writer.calls import (
    change_orders,
    claim,
    compare,
    deleted,
    hidden,
    lines,
    lists,
    packages,
    recognise,
    remap,
    requests,
    survey,
)
from workers.procore_writer.calls.context import CallContext, Results
from workers.procore_writer.plan.steps import Step

Reader = Callable[[CallContext], Results]
READERS: dict[str, Reader] = {
    Step.COST_CODES.value: lists.cost_codes,
    Step.LINE_ITEM_TYPES.value: lists.line_item_types,
    Step.UNITS.value: lists.units,
    Step.REASONS.value: lists.change_reasons,
    Step.SURVEY.value: survey.list_contract,
    Step.OWNER.value: survey.read_owner,
    Step.OWNERS.value: survey.read_owners,
    Step.SEARCH.value: survey.search,
    Step.TIERS.value: survey.tiers,
    Step.RECOGNISE.value: recognise.recognise,
    Step.FIND_PACKAGE.value: packages.find_package,
    Step.FIND_HIDDEN.value: hidden.find_hidden,
    Step.FIND_ABOVE.value: hidden.find_above,
    Step.LIST_LINES.value: compare.list_lines,
    Step.LOOK.value: compare.read_and_compare,
    Step.MAP_AGAIN.value: remap.remap,
    Step.STILL_THERE.value: deleted.check_presence,
}
LISTS = frozenset(
    step.value
    for step in (
        Step.COST_CODES,
        Step.LINE_ITEM_TYPES,
        Step.UNITS,
        Step.REASONS,
        Step.SURVEY,
        Step.OWNERS,
        Step.TIERS,
        Step.MAP_AGAIN,
    )
)
"""What a contract or the company is asked once for all of its change orders, and the event that is read from Kafka."""

Writer = Callable[[CallContext], Results]
WRITERS: dict[str, Writer] = {
    Step.HEADER.value: change_orders.header,
    Step.LINES.value: lines.lines,
    Step.REMOVE_LINE.value: lines.remove_line,
    Step.PACKAGE.value: packages.create_package,
    Step.UPDATE_PACKAGE.value: packages.update_package,
    Step.REQUEST.value: requests.request,
    Step.CLAIM.value: claim.claim,
    Step.CLAIM_PACKAGE.value: claim.claim_package,
    Step.REASON.value: claim.change_reason,
}
