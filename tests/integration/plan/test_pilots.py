"""How pilots end: by a person, and with the go-live of their route."""

from __future__ import annotations

import pytest

from operations.environment import Environment
from operations.golive.chosen import choose
from operations.golive.go_live import carry
from operations.golive.pilots import end_pilots, make_pilots, pilots_of
from operations.holds.standing import read_standing
from operations.survey.calls import Calls
from operations.written_versions import writing_environment
from relay.engine.control.topic_state import Standing
from tests.integration.plan.conftest import TOWER, Site, order

KEY = "constructiononline:acme:1"


def test_pilots_that_another_go_live_has_ended_meanwhile_refuse_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = "operations.golive.pilots.read_standing"

    def read_before_another_ends_them(environment: Environment) -> Standing:
        monkeypatch.setattr(reading, read_standing)
        standing = read_standing(environment)
        end_pilots(environment, "tower", (), who="bob", why="")
        return standing

    site.configure(TOWER, mode="live")
    site.observe(order("1"))
    with site.running("mapper"):
        site.mapped()
        environment = writing_environment()
        make_pilots(environment, "tower", [KEY], who="ann", why="")
        chosen = choose(environment, "tower", plan=None, only=(), calls=Calls(1, print))
        monkeypatch.setattr(reading, read_before_another_ends_them)
        carry(environment, chosen, only=(), who="ann", why="", rate=500, wait=60, advanced=lambda _: None)
    assert not pilots_of(environment, "tower")


def test_what_becomes_of_what_was_written_is_said_by_the_mode_of_the_route(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.configure(TOWER)

    def ended() -> str:
        make_pilots(writing_environment(), "tower", [KEY], who="ann", why="")
        said = site.cor("go-live", "tower", "--end-pilot")
        assert said.code == 0, said.err
        return " ".join(said.out.split())

    stays = "1 pilot of route tower is ended. What was written stays, and is "
    assert ended() == f"{stays}no longer followed."
    site.configure(TOWER, mode="live")
    assert ended() == f"{stays}followed as before, since the route is live."
    site.configure(TOWER.replace("tower", "clinic"), mode="live")
    assert ended() == f"{stays}no longer followed."
    monkeypatch.delenv("COR_CONFIG")
    assert ended() == f"{stays}followed only where the route is live."
