"""What planning cannot do without: each function returns it, or raises ``PlanStopped`` with the step that reads it."""

from __future__ import annotations

from collections.abc import Iterable

from relay.clients.cinx import Poco, Template
from workers.cinx_submitter.cache.cache import CachedPoco, OrderView
from workers.cinx_submitter.refusals import PlanStopped
from workers.cinx_submitter.situation import PlanContext
from workers.cinx_submitter.steps import Step, read_call, single_call


def template_of(context: PlanContext) -> Template:
    """The live template of the account."""
    if context.facts.template is None:
        raise PlanStopped(read_call(context, Step.START, "account"))
    return context.facts.template


def view_of(context: PlanContext) -> OrderView:
    """The purchase order as it is now."""
    if context.facts.order is None:
        raise PlanStopped(read_call(context, Step.ORDER, context.order))
    return context.facts.order


def fresh_pocos(context: PlanContext) -> list[Poco]:
    """The change order's own POCOs that still exist, as they are now, the latest last."""
    cached = [context.facts.fresh_pocos.get(guid) for guid in context.guids]
    if None in cached:
        raise PlanStopped(single_call(context, Step.POCO, context.guids))
    return _existing(cached)


def listed_pocos(context: PlanContext, guids: Iterable[str]) -> list[Poco]:
    """POCOs of the purchase order with their lines; those that are gone are left out."""
    cached = {guid: context.facts.pocos.get(guid) for guid in guids}
    missing = tuple(guid for guid, poco in cached.items() if poco is None)
    if missing:
        raise PlanStopped(single_call(context, Step.POCO, missing))
    return _existing(cached.values())


def _existing(cached: Iterable[CachedPoco | None]) -> list[Poco]:
    return [entry.poco for entry in cached if entry is not None and entry.poco is not None]
