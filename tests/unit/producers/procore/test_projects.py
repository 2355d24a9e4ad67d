from __future__ import annotations

from producers.procore.projects import WantedProjects, wanted_projects
from relay.domain.commands import CinxDestination, ContractKind, ProcoreDestination
from relay.domain.routes import CinxTarget, ProcoreTarget, Route, Routing, Source


def target(project: int, account: str = "acme", name: str = "main") -> ProcoreTarget:
    where = ProcoreDestination(project_id=project, contract_id=1, contract=ContractKind.PRIME, tiers=2)
    return ProcoreTarget(name=name, account=account, destination=where)


def route(system: str, project: str | None, *targets: ProcoreTarget | CinxTarget, account: str = "acme") -> Route:
    return Route(source=Source(system=system, account=account, project=project), targets=targets)


def test_projects_that_routes_start_in_or_write_to_are_polled_and_no_others() -> None:
    steel = CinxTarget(name="steel", account="acme", destination=CinxDestination(purchase_order="PO-123"))
    routing = Routing(
        routes=(
            route("constructiononline", "1321036", target(315), target(999, account="other"), steel),
            route("procore", "316", steel),
            route("procore", "777", steel, account="other"),
            route("cinx", "17"),
        )
    )
    assert wanted_projects(routing, "acme") == WantedProjects(named=frozenset({315, 316}))
    assert wanted_projects(routing, "other") == WantedProjects(named=frozenset({777, 999}))


def test_a_route_that_starts_at_the_whole_company_wants_every_project() -> None:
    assert wanted_projects(Routing(routes=(route("procore", None, target(315)),)), "acme").every
    assert not wanted_projects(Routing(routes=(route("constructiononline", None, target(315)),)), "acme").every
