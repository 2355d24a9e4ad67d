from __future__ import annotations

from relay.domain.records import OperatorAction
from relay.engine.topics import AUDIT
from tests.integration.cli.conftest import Place


def test_another_address_of_an_account_is_refused_until_it_is_said_to_be_the_same(place: Place) -> None:
    apply = ("topics", "apply", "--partitions", "2")
    assert place.cor(*apply).code == 0
    place.route("1321036", url="http://127.0.0.1:2", recorded=False)
    refused = place.cor(*apply)
    assert refused.code == 1
    assert "cor topics moved" in refused.err

    for account in ("constructiononline:acme", "procore:acme", "cinx:acme"):
        said = place.cor("topics", "moved", account, "--who", "the engineer", "--why", "another host")
        assert said.code == 0, said.err
        assert "127.0.0.1:1" in said.out.partition("before")[2]
    assert place.cor(*apply).code == 0
    actions = [one for one in place.decoded(AUDIT, OperatorAction) if one.action == "moved"]
    assert sorted(one.subject for one in actions) == [
        "account:cinx:acme",
        "account:constructiononline:acme",
        "account:procore:acme",
    ]
    assert {(one.who, one.why) for one in actions} == {("the engineer", "another host")}


def test_what_has_not_moved_or_is_no_account_is_refused(place: Place) -> None:
    assert place.cor("topics", "apply", "--partitions", "2").code == 0
    same = place.cor("topics", "moved", "procore:acme", "--why", "no reason", "--json")
    assert same.json["code"] == same.code == 1
    assert "already" in same.err
    assert "already" in same.json["error"]
    unknown = place.cor("topics", "moved", "procore:other", "--why", "no reason")
    assert unknown.code == 2
    assert "procore:acme" in unknown.err
