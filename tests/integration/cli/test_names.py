from __future__ import annotations

import pytest

from tests.integration.cli.conftest import Place


@pytest.mark.usefixtures("recorded")
def test_names_are_listed_with_what_they_stand_for(place: Place) -> None:
    listed = place.cor("names", "list", "--json")
    assert listed.code == 0
    names = {name["name"]: name["stands_for"] for name in listed.json["names"]}
    assert names["account:procore:acme"].endswith(" 4200")
    assert names["target:constructiononline:acme:1321036:main"] == "procore:acme"
    assert list(names) == sorted(names)
    assert "target:constructiononline:acme:1321036:main" in place.cor("names", "list").out
