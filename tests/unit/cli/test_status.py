"""What ``cor status`` says of open letters, and of what is no longer followed."""

from __future__ import annotations

import pytest

from cli.status import _only_shown, _open_letters, _without_route
from operations.golive.only_shown import OnlyShown, WithoutRoute
from operations.status.report import LettersState
from relay.domain.routes import RouteMode


@pytest.mark.parametrize(("count", "counted"), [(1, "1 open letter"), (2, "2 open letters")])
def test_letters_are_counted_in_words_that_fit(count: int, counted: str) -> None:
    letters = LettersState(open=count, oldest_seconds=12.0, by_reason={"cinx.code_unknown": count})
    said = f"{counted}, the oldest 12 s old: {count} cinx.code_unknown. See `cor letters list`."
    assert _open_letters(letters) == said


def shown(mode: RouteMode, followed_no_more: int) -> str:
    told = OnlyShown(route="tower", mode=mode, change_orders=0, no_longer_followed=followed_no_more)
    return "\n".join(_only_shown(told))


def test_what_is_no_longer_followed_is_said_with_what_carries_it() -> None:
    again = "Once the file says live, what changed meanwhile: cor go-live tower"
    assert shown(RouteMode.DRY_RUN, 1) == f"tower: 1 change order was written and is no longer followed. {again}"
    assert shown(RouteMode.OBSERVE, 2) == f"tower: 2 change orders were written and are no longer followed. {again}"
    assert shown(RouteMode.LIVE, 2) == (
        "tower: 2 change orders were written, and what changed since was only shown. Carry it: cor go-live tower"
    )


def test_of_many_targets_without_a_route_those_with_the_most_are_named() -> None:
    rows = [
        WithoutRoute(target=f"t{count}/steel", system="cinx", destination=f"PO-{count}", change_orders=count)
        for count in range(1, 8)
    ]
    told = list(_without_route(rows))
    assert told[0] == (
        "t7/steel: 7 change orders were written to CINX PO-7 and are no longer followed: no route of the file carries "
        "that there."
    )
    assert len(told) == 6
    assert told[-1] == "So it is with 3 more, of 2 other targets: cor status --json."
