"""Targets are called by their route's name to people, also once that route is gone."""

from __future__ import annotations

import pytest

from relay.domain.commands import CinxDestination
from relay.domain.route_names import RouteNames, start_of
from relay.domain.routes import CinxTarget, Route, Source

ACME = "constructiononline:acme"


def route(name: str | None, project: str | None, *targets: str) -> Route:
    return Route(
        name=name,
        source=Source(system="constructiononline", account="acme", project=project),
        targets=tuple(
            CinxTarget(name=target, account="acme", destination=CinxDestination(purchase_order=f"PO-{target}"))
            for target in targets
        ),
    )


TODAY = (route("tower", "7", "owner", "steel"), route(None, "8", "owner"), route("small", None, "rest"))
FORMER = ((("old", f"{ACME}:9")), ("older-all", f"{ACME}:*"), ("pier", f"{ACME}:9"), ("tower", f"{ACME}:7"))


@pytest.mark.parametrize(
    ("project", "target", "shown"),
    [
        ("7", "owner", "tower/owner"),
        ("8", "owner", "owner"),
        ("8", "rest", "small/rest"),
        (None, "steel", "tower/steel"),
        (None, "owner", "owner"),
        ("9", "owner", "pier/owner"),
        ("7", "gone", "tower/gone"),
        ("10", "gone", "older-all/gone"),
        (None, "gone", "gone"),
    ],
)
def test_today_s_route_goes_first_then_the_newest_that_started_there(
    project: str | None, target: str, shown: str
) -> None:
    assert RouteNames(TODAY, FORMER).shown(ACME, project, target) == shown


def test_of_another_account_nothing_is_known() -> None:
    assert RouteNames(TODAY, FORMER).shown("procore:acme", "7", "owner") == "owner"
    assert RouteNames().shown(ACME, "7", "owner") == "owner"


def test_a_target_alone_is_called_by_a_route_where_one_has_it() -> None:
    names = RouteNames(TODAY, FORMER)
    assert [names.of_target(target) for target in ("steel", "owner", "gone")] == ["tower/steel", "owner", "gone"]


def test_a_name_stands_for_where_its_route_starts() -> None:
    assert [start_of(one) for one in TODAY] == [f"{ACME}:7", f"{ACME}:8", f"{ACME}:*"]
