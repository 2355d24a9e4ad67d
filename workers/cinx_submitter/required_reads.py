"""What planning cannot do without, or the step that reads it first."""

from __future__ import annotations

from collections.abc import Iterable

from relay.clients.cinx import Poco, Template
from workers.cinx_submitter.cache.cache import OrderView
from workers.cinx_submitter.refusals import PlanStopped
from workers.cinx_submitter.situation import PlanContext
from workers.cinx_submitter.steps import Step, read_call, single_call


def template_of(context: PlanContext) -> Template:
    """The live template of the account. Raises ``Halt`` to read it."""
    if context.known.template is None:
        raise PlanStopped(read_call(context, Step.START, "account"))
    return context.known.template


def view_of(context: PlanContext) -> OrderView:
    """The purchase order as it is now. Raises ``Halt`` to read it."""
    if context.known.order is None:
        raise PlanStopped(read_call(context, Step.ORDER, context.order))
    return context.known.order


def fresh_pocos(context: PlanContext) -> list[Poco]:
    """The POCOs of the change order that still exist, as they are now, the latest last. Raises ``Halt``."""
    if any(context.known.poco(guid) is None for guid in context.guids):
        raise PlanStopped(single_call(context, Step.POCO, context.guids))
    shown = (context.known.poco(guid) for guid in context.guids)
    return [one.poco for one in shown if one is not None and one.poco is not None]


def contents(context: PlanContext, guids: Iterable[str]) -> list[Poco]:
    """What POCOs say; those that are gone are left out. Raises ``Halt`` to read them."""
    wanted = list(guids)
    missing = tuple(guid for guid in wanted if context.known.content(guid) is None)
    if missing:
        raise PlanStopped(single_call(context, Step.POCO, missing))
    shown = (context.known.content(guid) for guid in wanted)
    return [one.poco for one in shown if one is not None and one.poco is not None]
