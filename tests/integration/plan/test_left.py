"""What ``cor go-live`` leaves: what a narrower plan has not shown, and pilots of which a part is refused."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.change_order import ChangeOrder, Status
from relay.engine.topics import CINX, PROCORE
from tests.cor_command import Ended
from tests.integration.plan.conftest import TOWER, Site, order

EVERY_PROJECT = TOWER.replace(", project: 901", "")
WITHOUT_AN_ORDER = TOWER.replace("PO-123", "PO-999")
OUTSIDE = "it is not in the plan: plan again to see it"
A_PART = "a pilot is carried whole, and something else of this change order is left"


def without_price(whole: ChangeOrder) -> ChangeOrder:
    """The same, which the mapper refuses for the owner alone."""
    items = tuple(replace(item, client_price=None) for item in whole.items)
    return replace(whole, client_price=None, items=items)


def left(ended: Ended) -> dict[tuple[str, str | None], str]:
    """By number, or key, and target why it was not carried."""
    return {(one["number"] or one["change_order_key"], one["target"]): one["why"] for one in ended.json["left"]}


def carried_by_hand(site: Site) -> set[str]:
    """The origin ids in the backfill lanes, which the mapper itself does not write into."""
    return {one.origin_id for family in (PROCORE, CINX) for one in site.commands(family.backfill)}


def pilots(site: Site) -> list[str]:
    return [key for of in site.cor("status", "--json").json["pilots"] for key in of["change_orders"]]


def test_no_pilot_is_made_of_what_the_plan_has_not_shown(site: Site) -> None:
    site.configure(EVERY_PROJECT)
    site.observe(order("1"), order("2", project="902"), order("3", project="902", status=Status.DRAFT))
    with site.running("mapper"):
        site.mapped()
        plan = site.plan("--project", "901")
        only = ("--only", "2", "--only", "3")
        for words in ((*only, "--dry-run"), only):
            went = site.cor("go-live", "tower", "--plan", plan["plan_id"], *words, "--json")
            assert (went.code, went.json["origin_ids"]) == (3, []), went
            assert left(went) == {
                ("constructiononline:acme:2", "tower/owner"): OUTSIDE,
                ("constructiononline:acme:2", "tower/steel"): OUTSIDE,
                ("constructiononline:acme:3", None): OUTSIDE,
            }
        assert not pilots(site)
        assert not carried_by_hand(site)
        assert site.cor("go-live", "tower", "--plan", plan["plan_id"], "--only", "1").code == 0
        assert pilots(site) == ["constructiononline:acme:1"]
        assert {key.rpartition(":")[0] for key in carried_by_hand(site)} == {"cor:constructiononline:acme:1"}


def test_what_a_narrower_plan_has_not_shown_is_left_once_the_route_is_live(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"), order("2"), without_price(order("3")))
    with site.running("mapper"):
        site.mapped()
    plan = site.plan("--change-order", "1")
    site.configure(TOWER, mode="live")
    outside = {
        (f"constructiononline:acme:{name}", f"tower/{to}"): OUTSIDE for name in "23" for to in ("owner", "steel")
    }
    with site.running():
        for commands in (2, 0):
            went = site.cor("go-live", "tower", "--plan", plan["plan_id"], "--json")
            assert (went.code, went.json["commands"]) == (3, commands), went
            assert left(went) == outside
            site.carried()
        assert "Nothing was carried" in site.cor("go-live", "tower", "--plan", plan["plan_id"]).out
        assert {write.change_order_key for write in site.writes()} == {"constructiononline:acme:1"}


def test_what_has_moved_out_of_a_narrower_plan_is_left_as_changed(site: Site) -> None:
    site.configure(EVERY_PROJECT)
    site.observe(order("1"), order("2"))
    plan = site.plan("--project", "901")
    site.observe(order("1", project="902"))
    went = site.cor("go-live", "tower", "--plan", plan["plan_id"], "--only", "1", "--dry-run", "--json")
    assert (went.code, went.json["origin_ids"]) == (3, [])
    assert {why.partition("; ")[0] for why in left(went).values()} == {
        "it has changed since it was shown as new: it is none of the plan's any more"
    }


def test_a_pilot_is_whole_or_none_and_a_dry_run_says_which_as_the_run_itself_does(site: Site) -> None:
    site.configure(WITHOUT_AN_ORDER)
    site.observe(order("1"), without_price(order("2")))
    with site.running("mapper"):
        site.mapped()
        plan = site.plan("--change-order", "1")
        assert plan["counts"] == {"new": 1, "refused": 1}
        by_plan = ("go-live", "tower", "--only", "1", "--plan", plan["plan_id"], "--json")
        by_mapping = ("go-live", "tower", "--only", "2", "--json")
        for words, part, whole in ((by_plan, "steel", "owner"), (by_mapping, "owner", "steel")):
            tried, went = site.cor(*words, "--dry-run"), site.cor(*words)
            assert (tried.code, went.code) == (3, 3), (tried, went)
            for said in (tried.json, went.json):
                assert (said["change_orders"], said["origin_ids"]) == (0, []), said
            assert tried.json["left"] == went.json["left"]
            assert not any(tried.json["remote_calls"].values())
            why = {one["target"]: one["why"] for one in went.json["left"]}
            assert why.keys() == {f"tower/{part}", f"tower/{whole}"}
            assert why[f"tower/{whole}"] == A_PART
            assert "refused" in why[f"tower/{part}"]
        assert not pilots(site)
        assert not carried_by_hand(site)
