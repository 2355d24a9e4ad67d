"""``cor go-live``: pilots before a route is live, and then exactly the rest, as it was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from operations.errors import Refused
from operations.golive.chosen import choose
from operations.golive.pilots import make_pilots
from operations.survey.calls import Calls
from operations.written_versions import writing_environment
from relay.domain.change_order import Status
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Outgoing, PlainWriter
from relay.engine.topics import CINX, CONTROL, PROCORE
from tests.integration.plan.conftest import TOWER, Site, order

ELSEWHERE = TOWER.replace("tower", "clinic").replace("901", "902").replace("44023", "44024").replace("PO-123", "PO-124")


def only_shown(site: Site) -> dict[str, int]:
    """By route how many change orders were only shown, as ``cor status`` says."""
    status = site.cor("status", "--json").json
    return {shown["route"]: shown["change_orders"] for shown in status["only_shown"]}


def no_longer_followed(site: Site) -> tuple[dict[str, int], dict[str, int]]:
    """How many change orders were written and are no longer followed: by route, and by targets without one."""
    status = site.cor("status", "--json").json
    return (
        {shown["route"]: shown["no_longer_followed"] for shown in status["only_shown"] if shown["no_longer_followed"]},
        {left["target"]: left["change_orders"] for left in status["without_route"]},
    )


def written(site: Site) -> set[str]:
    return {write.change_order_key.rpartition(":")[2] for write in site.writes()}


def withdrawn(site: Site, name: str) -> bool:
    """Whether its order was taken back before it was sent."""
    of_it = (one for one in site.outcomes() if one.change_order_key.endswith(f":{name}") and one.target == "steel")
    return any(one.kind is OutcomeKind.WITHDRAWN for one in of_it)


@pytest.mark.longest
def test_the_way_from_a_preview_to_a_live_route(site: Site) -> None:
    site.configure(TOWER)
    site.observe(*(order(str(number), number * 10) for number in range(1, 9)), order("9", status=Status.DRAFT))
    with site.running():
        site.mapped()
        assert only_shown(site) == {"tower": 8}
        refused = site.cor("go-live", "tower")
        assert refused.code == 1
        assert "set it to live in the file" in refused.err

        # One before the others, and its next revision, which takes back an approval that was ordered.
        piloted = site.cor("go-live", "tower", "--only", "1", "--why", "the first one")
        assert piloted.code == 0, piloted.err
        site.carried()
        assert written(site) == {"1"}
        site.observe(order("1", 10, title="Another title", status=Status.PENDING))
        site.carried()
        assert site.ends()["1", "steel"] == ("rejected", "cinx.withdrawn_after_submission")

        # One whose approval is taken back before it was ordered.
        assert site.cor("hold", "--change-order", "2", "--why", "not yet").code == 0
        assert site.cor("go-live", "tower", "--only", "2").code == 0
        site.observe(order("2", 20, status=Status.REJECTED))
        site.wait(lambda: withdrawn(site, "2"))  # Released before that, it might be ordered.
        assert site.cor("release", site.cor("holds", "list", "--json").json[0]["hold_id"], "--why", "now").code == 0
        site.carried()
        assert len(site.pocos()) == 1
        assert only_shown(site) == {"tower": 6}
        pilots = site.cor("status", "--json").json["pilots"]
        assert [one["route"] for one in pilots] == ["tower"]
        assert pilots[0]["change_orders"] == ["constructiononline:acme:1", "constructiononline:acme:2"]

        plan = site.plan()
        site.observe(*(order(name, 999) for name in ("3", "4", "5")))
        site.mapped()
    site.configure(TOWER, mode="live")
    with site.running():
        assert "cor go-live tower" in site.cor("status").out
        before = written(site)
        went = site.cor("go-live", "tower", "--plan", plan["plan_id"][:8], "--json")
        assert went.code == 3, went.err
        assert {left["number"] for left in went.json["left"]} == {"CO-3", "CO-4", "CO-5"}
        site.carried()
        assert written(site) - before == {"6", "7", "8"}
        assert {write.plan_id for write in site.writes()} == {None, plan["plan_id"]}
        assert site.cor("go-live", "tower").code == 0
        site.carried()
        assert written(site) == set("12345678")
        assert only_shown(site) == {}
        lanes = len(site.commands(PROCORE.backfill)), len(site.commands(CINX.backfill))
        assert "Nothing is left to carry" in site.cor("go-live", "tower").out
        assert (len(site.commands(PROCORE.backfill)), len(site.commands(CINX.backfill))) == lanes


def test_what_was_written_and_is_no_longer_followed_is_told_without_a_further_revision(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"), order("2"), order("3"))
    with site.running():
        site.mapped()
        assert site.cor("go-live", "tower", "--only", "1", "--only", "2").code == 0
        site.carried()
        assert no_longer_followed(site) == ({}, {})
        assert site.cor("go-live", "tower", "--end-pilot").code == 0
        assert no_longer_followed(site) == ({"tower": 2}, {})
        assert only_shown(site) == {"tower": 1}
        told = " ".join(site.cor("status").out.split())
        assert "tower: 2 change orders were written and are no longer followed. Once the file says live" in told
    site.forget_at_the_source("constructiononline:acme:1")
    assert no_longer_followed(site) == ({"tower": 2}, {})
    # While the route is live, what changes is carried, and so is a deletion.
    site.configure(TOWER, mode="live")
    assert no_longer_followed(site) == ({}, {})
    site.configure(ELSEWHERE, mode="live")
    assert no_longer_followed(site) == ({}, {"owner": 2, "steel": 2})
    assert "owner: 2 change orders were written to Procore 315/44023 and are no longer followed" in " ".join(
        site.cor("status").out.split()
    )


def test_what_is_not_as_the_plan_has_shown_it_because_of_remote_or_file_is_left(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"), order("2"))
    with site.running("mapper"):
        site.mapped()  # Else the mapper itself would carry them once the route is live.
    plan = site.plan()
    assert plan["counts"] == {"new": 4}
    site.cinx.people("set_po", po="PO-123", set={"procurement_status": "CLOSED"})
    site.configure(TOWER, mode="live")
    with site.running():
        went = site.cor("go-live", "tower", "--plan", plan["plan_id"], "--json")
        assert went.code == 3, went.err
        assert {(left["number"], left["target"]) for left in went.json["left"]} == {
            ("CO-1", "tower/steel"), ("CO-2", "tower/steel"),
        }  # fmt: skip
        assert {left["why"] for left in went.json["left"]} == {
            "it has changed since it was shown as new: it is refused now; plan again to see it"
        }
        site.carried()
        assert not site.pocos()
        assert {write.system for write in site.writes()} == {"procore"}
    # The file says another order since: what was shown is not what would be carried.
    site.configure(TOWER.replace("PO-123", "PO-124"), mode="live")
    with site.running():
        went = site.cor("go-live", "tower", "--plan", plan["plan_id"], "--json")
        assert went.code == 3, went.err
        assert {left["target"] for left in went.json["left"]} == {"tower/steel"}
        site.carried()
        assert not site.pocos()


def test_what_it_would_take_is_said_of_what_the_plan_keeps(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"), order("2"))
    alone = site.cor("go-live", "tower", "--only", "1", "--dry-run", "--json").json["remote_calls"]
    plan = site.plan()
    site.observe(order("2", 999), *(order(str(number)) for number in range(3, 9)))
    kept = site.cor("go-live", "tower", "--plan", plan["plan_id"], "--only", "1", "--dry-run", "--json").json
    assert (kept["change_orders"], kept["remote_calls"]) == (1, alone)
    site.configure(TOWER, mode="live")
    kept = site.cor("go-live", "tower", "--plan", plan["plan_id"], "--dry-run", "--json").json
    assert (kept["change_orders"], kept["remote_calls"]) == (1, alone)
    everything = site.cor("go-live", "tower", "--dry-run", "--json").json
    assert everything["change_orders"] == 8
    assert all(everything["remote_calls"][tenant] > calls for tenant, calls in alone.items())


def test_an_older_revision_is_not_carried_once_the_newest_is_none_of_the_routes(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"), order("1", project="902"), order("2"))
    assert {row["change_order_key"] for row in site.plan()["rows"]} == {"constructiononline:acme:2"}
    gone = site.cor("go-live", "tower", "--only", "1", "--only", "2", "--dry-run")
    assert (gone.code, "carries no observed change order 1: --only" in gone.err) == (1, True), gone.err
    assert site.cor("go-live", "tower", "--only", "2", "--dry-run", "--json").json["change_orders"] == 1


def test_nothing_is_chosen_before_every_mapper_follows_the_routes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.configure(TOWER, mode="live")
    site.observe(order("1"))
    monkeypatch.setattr("operations.golive.chosen.current_ends", lambda *_: pytest.fail("an end was read"))
    with pytest.raises(Refused, match="start it first"):
        choose(writing_environment(), "tower", plan=None, only=(), calls=Calls(1, print))


def test_what_the_mapper_refuses_is_left_with_a_plan_and_without(site: Site) -> None:
    site.configure(TOWER, mode="live")
    whole = order("1")
    without = tuple(replace(item, cost=None, client_price=None) for item in whole.items)
    site.observe(replace(whole, cost=None, client_price=None, items=without))
    plan = site.plan()
    assert "refused" in plan["counts"], plan
    with site.running("mapper"):
        site.mapped()
        for words in ((), ("--plan", plan["plan_id"]), ("--dry-run",)):
            went = site.cor("go-live", "tower", *words)
            assert went.code == 3, (words, went)
            assert "not carried" in went.out
            assert "Nothing is left to carry" not in went.out


def test_pilots_are_told_whatever_became_of_their_route(site: Site) -> None:
    site.configure(TOWER, mode="observe")
    site.observe(order("1"))
    for route in ("tower", "constructiononline:acme/project:901"):  # The second: before the route had its name.
        make_pilots(writing_environment(), route, ["constructiononline:acme:1"], who="ann", why="")
    topic = CONTROL.name(site.prefix)
    with PlainWriter(site.connection) as writer:
        writer.send(Outgoing(topic, b"pilot:tower:constructiononline:acme:2", b"junk", 0))
        writer.flush()
    said = site.cor("status", "--json").json
    assert {one["route"]: (one["has_route"], one["mode"]) for one in said["pilots"]} == {
        "tower": (True, "observe"),
        "constructiononline:acme/project:901": (False, None),
    }
    assert said["unreadable_pilots"] == ["pilot:tower:constructiononline:acme:2"]
    told = " ".join(site.cor("status").out.split())
    assert "constructiononline:acme/project:901: no route of the file is called so" in told
    assert "pilot:tower:constructiononline:acme:2 cannot be read" in told
    went = " ".join(site.cor("go-live", "tower", "--only", "1", "--dry-run").out.split())
    assert "constructiononline:acme/project:901: no route of the file is called so" in went
    checks = site.cor("check", "--json").json["checks"]
    (check,) = [one for one in checks if one["check"] == "pilots"]
    stray, unreadable = check["said"].splitlines()
    assert not check["ok"]
    assert stray.startswith("constructiononline:acme/project:901: no route of the file is called so, and its 1 pilot ")
    assert stray.endswith("cor go-live constructiononline:acme/project:901 --end-pilot")
    assert unreadable == "pilot:tower:constructiononline:acme:2 cannot be read, and counts as no pilot"
    with PlainWriter(site.connection) as writer:
        writer.send(Outgoing(topic, b"pilot:tower:constructiononline:acme:2", None, 0))
        writer.flush()
    assert site.cor("go-live", "constructiononline:acme/project:901", "--end-pilot").code == 0
    checks = site.cor("check", "--json").json["checks"]
    assert [(one["ok"], one["said"]) for one in checks if one["check"] == "pilots"] == [
        (True, "tower: 1 pilot, until the file says live")
    ]
