"""The calls that write, by step."""

from __future__ import annotations

from collections.abc import Callable

from workers.procore_writer.calls import change_orders, claim, lines, packages, requests
from workers.procore_writer.calls.context import Calling, Results
from workers.procore_writer.plan.steps import Step

Writer = Callable[[Calling], Results]

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
