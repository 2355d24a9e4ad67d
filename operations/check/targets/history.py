"""The codes, types and units that a target would get, by the items that were seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from operations.survey.seen_items import SeenItem
from relay.domain.change_order import ChangeOrder, Item
from relay.domain.mapping.cinx_payload import cinx_payload
from relay.domain.mapping.decision import CannotCarry
from relay.domain.mapping.procore_payload import procore_payload
from relay.domain.mapping.splitting import Share, takes
from relay.domain.routes import CinxTarget, ProcoreTarget, Route, Source, Target
from workers.procore_writer.content import parts

ItemsOf = Callable[[Source], Iterable[Item]]
"""The items that were seen of a source. Raises ``Unanswered`` and ``CallsSpent``."""


@dataclass(slots=True)
class Wanted:
    """What a target's lines would name, and how many items there were."""

    items: int = 0
    cost_codes: set[str] = field(default_factory=set)
    line_item_types: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)


def of_source(seen: Iterable[SeenItem], source: Source) -> Iterator[Item]:
    """The items of a route's source, one by one: there may be millions."""
    for one in seen:
        if (one.system, one.account) == (source.system, source.account) and source.project in (None, one.project):
            yield one.item


def wanted_by(route: Route, target: Target, items: Iterable[Item]) -> Wanted:
    """What mapping makes of the items that the target takes; what it would refuse is not counted."""
    wanted = Wanted()
    for item in items:
        if takes(target.match, item, route):
            wanted.items += 1
            try:
                _add(wanted, route, target, item)
            except CannotCarry:
                continue
    return wanted


def _add(wanted: Wanted, route: Route, target: Target, item: Item) -> None:
    lone = ChangeOrder(change_order_id="0", title="-", items=(item,))
    share = Share(items=(replace(item, name=item.name or "-"),))
    if isinstance(target, CinxTarget):
        wanted.cost_codes |= _given(line.cost_code for line in cinx_payload(lone, share, target, route).lines)
    elif isinstance(target, ProcoreTarget):
        lines = procore_payload(lone, share, target, route, status="pending").lines
        wanted.cost_codes |= _given(line.cost_code for line in lines)
        wanted.line_item_types |= _given(line.line_item_type for line in lines)
        wanted.units |= _given(parts.line_content(line).unit for line in lines)


def _given(texts: Iterable[str | None]) -> set[str]:
    return {text for text in texts if text}
