"""``cor go-live``: pilots before a route is live, and then exactly the rest, as it was shown."""

from __future__ import annotations

from relay.domain.change_order import Status
from relay.engine.topics import CINX, PROCORE
from tests.integration.plan.conftest import TOWER, Site, order


def only_shown(site: Site) -> dict[str, int]:
    status = site.cor("status", "--json").json
    return {shown["route"]: shown["change_orders"] for shown in status["only_shown"]}


def test_the_way_from_a_preview_to_a_live_route(site: Site) -> None:
    site.configure(TOWER)
    site.observe(*(order(str(number), number * 10) for number in range(1, 9)), order("9", status=Status.DRAFT))
    with site.mapping():
        assert site.plan()["counts"] == {"new": 16, "not_carried": 2}
        assert only_shown(site) == {"tower": 8}
        refused = site.cor("go-live", "tower")
        assert refused.code == 1
        assert "set it to live in the file" in refused.err
        # One of them before the others, with its next revision.
        piloted = site.cor("go-live", "tower", "--only", "1", "--why", "the first one")
        assert piloted.code == 0, piloted.err
        site.carry()
        assert {write.change_order_key[-2:] for write in site.writes()} == {":1"}
        site.observe(order("1", 10, title="Another title", status=Status.PENDING))
        site.mapped()
        site.carry()
        ends = site.ends()
        assert ends["1", "steel"] == ("rejected", "cinx.withdrawn_after_submission")
        assert len(site.pocos()) == 1
        assert only_shown(site) == {"tower": 7}
        # A pilot that is withdrawn before its order has gone out is in no order.
        assert site.cor("go-live", "tower", "--only", "2").code == 0
        site.observe(order("2", 20, status=Status.REJECTED))
        site.mapped()
        site.carry()
        assert site.ends()["2", "steel"][0] == "withdrawn"
        assert len(site.pocos()) == 1
        plan = site.plan()
        for name in ("3", "4", "5"):
            site.observe(order(name, 999))
        site.mapped()
    site.configure(TOWER, mode="live")
    with site.mapping():
        assert "cor go-live tower" in site.cor("status").out
        site.forget()
        went = site.cor("go-live", "tower", "--plan", plan["plan_id"][:8], "--json")
        assert went.code == 3, went.err
        assert {left["number"] for left in went.json["left"]} == {"CO-3", "CO-4", "CO-5"}
        assert {key.split(":")[3] for key in went.json["origin_ids"]} == {"6", "7", "8"}
        assert site.only_read()
        site.carry()
        assert {write.change_order_key[-1] for write in site.writes()} == set("1678") | ({"2"} & written(site))
        assert {write.plan_id for write in site.writes()} == {None, plan["plan_id"]}
        lanes = len(site.commands(PROCORE.backfill)), len(site.commands(CINX.backfill))
        again = site.cor("go-live", "tower", "--plan", plan["plan_id"][:8], "--json")
        assert again.json["commands"] == 0
        assert (len(site.commands(PROCORE.backfill)), len(site.commands(CINX.backfill))) == lanes
        assert only_shown(site) == {"tower": 3}
        assert site.cor("go-live", "tower").code == 0
        site.carry()
        assert only_shown(site) == {}
        assert "Nothing is left to carry" in site.cor("go-live", "tower").out


def written(site: Site) -> set[str]:
    return {write.change_order_key[-1] for write in site.writes()}
