"""From a source's cost codes and classifications to the targets' cost codes and cost types."""

from __future__ import annotations

from relay.domain.change_order import Item
from relay.domain.routes import CrosswalkEntry, Route


def cost_code(item: Item, route: Route) -> str | None:
    """What the targets call the item's cost code: by the crosswalk, else by ``cost_codes``, else as the source does."""
    for entry in route.crosswalk:
        if entry.cost_code is not None and _fits(entry, item):
            return entry.cost_code
    return None if item.cost_code is None else route.cost_codes.get(item.cost_code, item.cost_code)


def line_item_type(item: Item, route: Route, otherwise: str | None) -> str | None:
    """Procore's word for the item's cost type: by the crosswalk, else ``otherwise``."""
    for entry in route.crosswalk:
        if entry.line_item_type is not None and _fits(entry, item):
            return entry.line_item_type
    return otherwise


def _fits(entry: CrosswalkEntry, item: Item) -> bool:
    return entry.code in (None, item.cost_code or "") and entry.classification in (None, item.classification)
