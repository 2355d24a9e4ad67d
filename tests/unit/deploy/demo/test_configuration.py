"""The demonstration's configuration is a good example, in each of the forms that it takes on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.demo.workplace import Workplace
from relay.engine.configuration import Configuration, load_configuration

ADDRESSES = {name: f"http://127.0.0.1:{port}" for port, name in enumerate(("acme", "harbor", "procore", "cinx"), 9001)}


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    made = Workplace(tmp_path)
    made.close()
    return made


def configured(workplace: Workplace, offices: set[str], projects: set[str] | None = None) -> Configuration:
    workplace.configure(ADDRESSES, accounts=offices, projects=projects)
    return load_configuration(workplace.configuration)


def test_the_whole_of_it_is_valid_and_varied(workplace: Workplace) -> None:
    whole = configured(workplace, {"acme", "harbor"})
    targets = [target for route in whole.routing.routes for target in route.targets]
    assert set(whole.constructiononline) == {"acme", "harbor"}
    assert {route.mode.value for route in whole.routing.routes} == {"live", "dry_run"}
    assert {target.system for target in targets} == {"procore", "cinx"}
    assert any(target.match.classifications for target in targets)


def test_it_begins_with_one_office_and_one_project(workplace: Workplace) -> None:
    first = configured(workplace, {"acme"}, {"1321036"})
    assert set(first.constructiononline) == {"acme"}
    assert [route.source.project for route in first.routing.routes] == ["1321036"]


def test_the_guest_house_has_no_route_until_it_gets_one(workplace: Workplace) -> None:
    before = configured(workplace, {"acme", "harbor"}, {"1321036"})
    after = configured(workplace, {"acme", "harbor"})
    new = {route.source.project for route in after.routing.routes} - {
        route.source.project for route in before.routing.routes
    }
    assert new == {"1321099"}


def test_two_demonstrations_do_not_share_a_folder(tmp_path: Path) -> None:
    first = Workplace(tmp_path)
    with pytest.raises(RuntimeError, match="runs already"):
        Workplace(tmp_path)
    first.close()
