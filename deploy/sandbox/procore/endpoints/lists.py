"""A list call: filters, deleted rows, order, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from deploy.sandbox.procore import listing
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.incoming import Incoming, reply
from deploy.sandbox.procore.listing import Filter, Page
from deploy.sandbox.procore.views.parts import Row
from deploy.sandbox.shell import Answer

T = TypeVar("T")
View = Callable[[Company, T], Row]


def found(incoming: Incoming, rows: Iterable[T], filters: Mapping[str, Filter]) -> list[T]:
    """The rows that the filters leave, in order; ``include_deleted`` counts where the list has it."""
    tests = listing.tests(incoming.call, filters, incoming.company.settings)
    wanted = listing.deleted(incoming.call) if "include_deleted" in filters else ""
    kept = [row for row in listing.shown(rows, wanted) if all(test(row) for test in tests)]
    return listing.ordered(kept, incoming.company.settings, incoming.random)


def paged(incoming: Incoming, rows: Iterable[T], filters: Mapping[str, Filter], view: View[T]) -> Answer:
    """One page of a list, with the headers that tell about the others."""
    kept = found(incoming, rows, filters)
    page = Page.of(incoming.call, incoming.company.settings)
    shown = [view(incoming.company, row) for row in page.cut(kept)]
    return reply(shown, headers=page.headers(incoming.call, len(kept)))
