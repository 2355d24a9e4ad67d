"""What names stand for is not written down yet: a stage would not start, and a command writes nothing for it."""

from __future__ import annotations

import pytest

from tests.integration.cli.conftest import Place
from tests.integration.cli.test_letters import actions, open_letters, unrouted
from tests.integration.cli.test_replay import backfill

MISSING = "target:constructiononline:acme:777:main. Run `cor topics apply`"


@pytest.mark.parametrize("how", [(), ("--as-is",), ("--dry-run",)])
def test_nothing_is_sent_again_while_a_name_is_not_recorded(place: Place, how: tuple[str, ...]) -> None:
    letter = unrouted(place, "1")
    place.route("777", recorded=False)
    ended = place.cor("letters", "redrive", letter.letter_id, *how, "--json")
    assert (ended.code, ended.json["code"]) == (1, 1)
    assert MISSING in ended.err
    assert not place.commands()
    assert not actions(place)
    assert open_letters(place) == {letter.letter_id: letter}


@pytest.mark.parametrize("how", [(), ("--dry-run",)])
def test_nothing_is_replayed_while_a_name_is_not_recorded(place: Place, how: tuple[str, ...]) -> None:
    place.observe("1")
    place.route("777", recorded=False)
    ended = place.cor("replay", "--all", *how, "--json")
    assert (ended.code, ended.json["code"]) == (1, 1)
    assert MISSING in ended.err
    assert not backfill(place)
    assert not actions(place)
