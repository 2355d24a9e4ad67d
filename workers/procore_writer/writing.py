"""The calls that write, by step."""

from __future__ import annotations

from collections.abc import Callable

from workers.procore_writer import claiming, writing_lines, writing_orders, writing_packages, writing_requests
from workers.procore_writer.calling import Calling, Results
from workers.procore_writer.steps import Step

Writer = Callable[[Calling], Results]

WRITERS: dict[str, Writer] = {
    Step.HEADER.value: writing_orders.header,
    Step.LINES.value: writing_lines.lines,
    Step.REMOVE_LINE.value: writing_lines.remove_line,
    Step.PACKAGE.value: writing_packages.create_package,
    Step.UPDATE_PACKAGE.value: writing_packages.update_package,
    Step.REQUEST.value: writing_requests.request,
    Step.CLAIM.value: claiming.claim,
    Step.CLAIM_PACKAGE.value: claiming.claim_package,
    Step.REASON.value: claiming.change_reason,
}
