from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.cinx.import_fields import POCO
from relay.domain.change_order import Classification
from relay.domain.commands import ContractKind, ProcoreDestination, ProcoreRules
from relay.domain.expression import Expression
from relay.domain.routes import (
    Amount,
    CinxTarget,
    CrosswalkEntry,
    OwnRecords,
    ProcoreTarget,
    Remainder,
    RouteMode,
    Source,
    Unrouted,
)
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.configuration.accounts import MODELS
from relay.engine.configuration.live import names_of
from relay.engine.configuration.routes import TARGETS as TARGET_MODELS
from relay.engine.configuration.routes import CrosswalkSection, FromSection, MatchSection, RouteSection
from relay.engine.configuration.sections import keys_of

ROOT = Path(__file__).parents[4]
SECRETS = "/run/secrets/"


@pytest.fixture
def example(tmp_path: Path) -> Configuration:
    """The documented example, with secrets where a test may write them."""
    text = (ROOT / "docs/examples/configuration.yaml").read_text(encoding="utf-8")
    for name in re.findall(rf"{SECRETS}(\S+)", text):
        (tmp_path / name).write_text("sandbox-secret", encoding="utf-8")
    codes = ROOT / "docs/examples/cost-codes.csv"
    (tmp_path / codes.name).write_bytes(codes.read_bytes())
    file = tmp_path / "configuration.yaml"
    file.write_text(text.replace(SECRETS, f"{tmp_path}/"), encoding="utf-8")
    return load_configuration(file)


def test_the_accounts_of_the_example_are_read(example: Configuration, tmp_path: Path) -> None:
    source, company, orders = example.constructiononline["acme"], example.procore["acme"], example.cinx["acme"]
    assert (source.poll_interval, source.sweep_interval, source.unrouted) == (60.0, 86400.0, Unrouted.LETTER)
    assert source.password_file == tmp_path / "constructiononline-password"
    assert (company.company_id, company.login_url) == (4200, "https://login.procore.com")
    assert (orders.requests_per_second, orders.synchronous) == (5.0, False)
    assert example.routing.unrouted == dict.fromkeys(
        ("constructiononline:acme", "procore:acme", "cinx:acme"), Unrouted.LETTER
    )


def test_the_first_route_of_the_example_becomes_the_domains(example: Configuration) -> None:
    route = example.routing.routes[0]
    assert route.source == Source(system="constructiononline", account="acme", project="1321036")
    assert (route.mode, route.since, route.history) == (RouteMode.LIVE, date(2026, 1, 1), False)
    assert route.statuses == {"pending": "pending", "approved": "approved", "rejected": "rejected"}
    assert (route.cost_codes, route.remainder) == ({"371": "03-300"}, Remainder.LINE)
    owner, rebar, steel = route.targets
    assert isinstance(owner, ProcoreTarget)
    assert isinstance(rebar, ProcoreTarget)
    assert isinstance(steel, CinxTarget)
    assert owner.destination == ProcoreDestination(
        project_id=315, contract_id=44023, contract=ContractKind.PRIME, tiers=2
    )
    assert [target.takes_remainder for target in route.targets] == [True, False, False]
    assert [target.amount for target in route.targets] == [Amount.CLIENT_PRICE, Amount.COST, Amount.COST]
    assert steel.destination.purchase_order == "PO-123"


def test_the_crosswalk_of_the_example_is_read_in_order(example: Configuration) -> None:
    assert example.routing.routes[0].crosswalk == (
        CrosswalkEntry(code="372", classification=Classification.LABOR, cost_code="03-310", line_item_type="Labor"),
        CrosswalkEntry(code="372", cost_code="03-320"),
        CrosswalkEntry(classification=Classification.EQUIPMENT, line_item_type="Equipment"),
        CrosswalkEntry(code="415", classification=Classification.LABOR, cost_code="02-300", line_item_type="Labor"),
        CrosswalkEntry(code="", classification=Classification.EQUIPMENT, cost_code="01-500"),
        CrosswalkEntry(code="380", cost_code="05-120"),
    )


def test_targets_are_shown_with_the_name_of_their_route_where_it_has_one(example: Configuration) -> None:
    named, unnamed, _ = example.routing.routes
    assert [named.shown(target) for target in named.targets] == ["tower/owner", "tower/rebar", "tower/steel"]
    assert [unnamed.shown(target) for target in unnamed.targets] == ["main"]


def test_a_company_has_the_time_zone_of_its_people(example: Configuration) -> None:
    assert example.constructiononline["acme"].time_zone == "America/Chicago"
    assert example.procore["acme"].time_zone == "UTC"


def test_a_rule_of_the_route_holds_for_its_targets_and_a_targets_own_goes_before(example: Configuration) -> None:
    owner, rebar, steel = example.routing.routes[0].targets
    assert owner.rules == ProcoreRules(package="per_change_order", on_delete="void")
    assert rebar.rules == ProcoreRules(person_edit="keep_theirs", on_delete="void")
    assert (steel.rules.on_delete, steel.rules.existing) == ("letter", "letter")


def test_conditions_of_a_match_are_values_and_patterns(example: Configuration) -> None:
    steel = example.routing.routes[0].targets[2]
    assert steel.match.classifications == (Classification.MATERIAL, Classification.EQUIPMENT)
    assert steel.match.cost_codes == ("03-300", Expression("^05-"))
    assert steel.match.fields == {"name": (Expression("steel|rebar"),)}


def test_the_fields_of_the_example_are_fields_of_the_import_template(example: Configuration) -> None:
    targets = [target for route in example.routing.routes for target in route.targets]
    paths = {path for target in targets if isinstance(target, CinxTarget) for path in target.fields}
    assert paths
    assert paths <= {field.path for field in POCO}


def test_a_route_may_start_at_a_system_that_is_written_to(example: Configuration) -> None:
    onward = example.routing.routes[2]
    assert (onward.source.system, onward.own_records) == ("procore", OwnRecords.SKIP)
    assert isinstance(onward.targets[0], CinxTarget)
    assert onward.targets[0].rules.later == "further"


def test_names_say_what_they_stand_for(example: Configuration) -> None:
    names = names_of(example)
    assert names["procore:acme"] == "https://api.procore.com 4200"
    assert names["target:constructiononline:acme:1321036:steel"] == "cinx:acme"
    assert names["target:constructiononline:acme:1321040:main"] == "procore:acme"


def _documented() -> set[str]:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    first_columns = re.findall(r"^\|([^|]+)\|", text, flags=re.MULTILINE)
    return {name for column in first_columns for name in re.findall(r"`([^`]+)`", column)}


@pytest.mark.parametrize(
    "model", [*MODELS.values(), *TARGET_MODELS.values(), RouteSection, CrosswalkSection, MatchSection]
)
def test_every_key_stands_in_the_documentation(model: Any) -> None:
    assert set(keys_of(model)) - _documented() == set()


def test_the_keys_of_from_stand_in_the_documentation() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `from` |"))
    assert [key for key in keys_of(FromSection) if f"`{key}`" not in row] == []
