"""Equal routes have equal digests, and nothing that routes say is left out."""

from __future__ import annotations

import re
from dataclasses import replace

from relay.domain.routes import Match, RouteMode, Routing, Unrouted
from relay.domain.routes_digest import routes_digest
from tests.unit.domain.mapping.samples import routing


def test_equal_routes_have_equal_digests() -> None:
    assert routes_digest(routing()) == routes_digest(routing())
    assert len(routes_digest(routing())) == 16


def test_each_difference_shows() -> None:
    base = routing()
    (route,) = base.routes
    (target,) = route.targets
    pattern, text = Match(cost_codes=(re.compile("03-.*"),)), Match(cost_codes=("03-.*",))
    others = [
        Routing(routes=()),
        replace(base, routes=(replace(route, mode=RouteMode.OBSERVE),)),
        replace(base, routes=(replace(route, targets=(replace(target, match=pattern),)),)),
        replace(base, routes=(replace(route, targets=(replace(target, match=text),)),)),
        replace(base, unrouted={"constructiononline:acme": Unrouted.SKIP}),
    ]
    assert len({routes_digest(each) for each in [base, *others]}) == len(others) + 1
