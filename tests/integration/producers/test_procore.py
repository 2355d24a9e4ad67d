"""The whole way round: ConstructionOnline, Procore, and Procore read back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.publish.publisher import MUCH
from relay.clients.procore import ProcoreClient
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import OutcomeKind
from relay.domain.records import PollState
from relay.engine.topics import POLL_STATE
from tests.integration.producers.conftest import PROCORE_ROUTE, ProcoreFlow


def made(flow: ProcoreFlow, name: str = "Footing", **more: Any) -> int:
    item = {"NAME": "Rebar", "RATE": 5, "RATE_QTY": 2}
    return int(flow.source.people("create_change_order", project=1321036, name=name, items=[item], **more)["ID"])


def observed(flow: ProcoreFlow) -> list[ChangeOrderObserved]:
    return [event for event in flow.events() if event.system == "procore"]


def test_what_we_wrote_comes_back_as_an_echo_and_costs_no_call(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    number = made(flow)
    flow.carry()
    assert flow.run("poll-procore") == 0
    (event,) = observed(flow)
    assert (event.root, event.origin_id) == (f"constructiononline:acme:{number}", flow.order()["origin_id"])
    assert event.echo
    flow.sandbox.forget()
    assert flow.run("mapper") == 0
    assert flow.run("procore-writer") == 0
    (ended,) = flow.verified()
    assert ended.kind is OutcomeKind.UNCHANGED
    assert [one["path"] for one in flow.sandbox.history() if "change_order" in one["path"]] == []


def test_a_restart_counts_what_was_used_of_the_company_s_limit(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    for number in range(4):
        made(flow, f"Footing {number}")
    flow.carry()
    flow.sandbox.forget()
    for _ in range(2):
        assert flow.run("poll-procore") == 0
    asked = [one for one in flow.sandbox.history() if one["path"].startswith("/rest/")]
    states = [flow.codec.decode(one.value or b"", PollState) for one in flow.records(POLL_STATE)]
    account = [one for one in states if (one.system, one.change_order_id) == ("procore", None)][-1]
    counted = sum(use.requests for use in account.used)
    assert 0 <= len(asked) - counted < MUCH
    assert counted > 0
    assert account.interval is not None, "how often it is meant to be polled is told with the poll"


def test_a_restart_goes_on_with_windows_of_the_projects_that_it_followed(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    made(flow)
    flow.carry()
    assert flow.run("poll-procore") == 0
    flow.sandbox.forget()
    assert flow.run("poll-procore") == 0
    listings = [one for one in flow.sandbox.history() if one["path"].endswith("/potential_change_orders")]
    assert listings
    assert all("filters[updated_at]" in dict(one["query"]) for one in listings)


def test_a_person_s_edit_is_observed_and_asked_about(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    made(flow)
    flow.carry()
    flow.look()
    flow.sandbox.people("edit", kind="pco", id=flow.order()["id"], set={"title": "By hand"})
    flow.look()
    assert [event.echo for event in observed(flow)] == [True, False]
    assert [one.kind for one in flow.verified()] == [OutcomeKind.UNCHANGED, OutcomeKind.NEEDS_REVIEW]
    (letter,) = flow.letters().values()
    assert letter.reason == "procore.person_edit"
    assert flow.order()["title"] == "By hand"


@pytest.mark.parametrize(("rule", "title"), [("keep_theirs", "By hand"), ("overwrite", "Footing")])
def test_a_person_s_edit_follows_the_rule(procore_flow: ProcoreFlow, rule: str, title: str) -> None:
    flow = procore_flow
    flow.configure(PROCORE_ROUTE.format(rule=rule))
    made(flow)
    flow.carry()
    flow.look()
    flow.sandbox.people("edit", kind="pco", id=flow.order()["id"], set={"title": "By hand"})
    flow.look()
    flow.look()
    assert flow.order()["title"] == title
    assert flow.letters() == {}
    kinds = [one.kind for one in flow.verified()]
    assert OutcomeKind.APPLIED in kinds if rule == "overwrite" else OutcomeKind.APPLIED not in kinds
    assert kinds[-1] is OutcomeKind.UNCHANGED


def test_a_route_that_only_shows_now_writes_over_no_person_s_edit(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    flow.configure(PROCORE_ROUTE.format(rule="overwrite"))
    made(flow)
    flow.carry()
    flow.look()
    flow.configure(PROCORE_ROUTE.format(rule="overwrite").replace("mode: live", "mode: dry_run"))
    flow.sandbox.people("edit", kind="pco", id=flow.order()["id"], set={"title": "By hand"})
    flow.look()
    assert flow.order()["title"] == "By hand"


def test_a_later_revision_that_a_person_s_edit_holds_off_says_so(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    flow.configure(PROCORE_ROUTE.format(rule="keep_theirs"))
    number = made(flow)
    flow.carry()
    flow.look()
    flow.sandbox.people("edit", kind="pco", id=flow.order()["id"], set={"title": "By hand"})
    flow.look()
    flow.source.people("edit_change_order", id=number, set={"NAME": "Newer"})
    flow.carry()
    assert flow.order()["title"] == "By hand"
    end = [one for one in flow.outcomes() if one.kind.is_terminal][-1]
    assert (end.kind, end.reason) == (OutcomeKind.UNCHANGED, "procore.kept_theirs")
    assert "the route keeps their change" in (end.sentence or "")


def test_an_older_writing_that_comes_late_is_healed_without_a_person(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    number = made(flow)
    flow.carry()
    late = headers(flow)[0]
    flow.source.people("edit_change_order", id=number, set={"NAME": "Newer"})
    flow.carry()
    flow.look()
    assert flow.order()["title"] == "Newer"
    send_again(flow, late)
    assert flow.order()["title"] == "Footing"
    flow.look()
    assert flow.order()["title"] == "Newer"
    flow.look()
    assert [one.kind for one in flow.verified()] == [
        OutcomeKind.UNCHANGED,
        OutcomeKind.APPLIED,
        OutcomeKind.UNCHANGED,
    ]
    assert flow.letters() == {}


def headers(flow: ProcoreFlow) -> list[dict[str, Any]]:
    """The elements of every sync of change orders so far."""
    syncs = [one for one in flow.sandbox.history() if one["path"].endswith("potential_change_orders/sync")]
    bodies = [one["body"] for one in syncs]
    read = [json.loads(body) if isinstance(body, str) else body for body in bodies]
    return [element for body in read for element in body["updates"]]


def send_again(flow: ProcoreFlow, element: dict[str, Any]) -> None:
    """A request of ours that was under way for long arrives now."""
    client = ProcoreClient(
        company_id=4200,
        client_id="sandbox-client",
        client_secret="sandbox-secret",
        api_url=flow.sandbox.url,
        login_url=flow.sandbox.url,
    )
    with client:
        answer = client.potential_change_orders.sync(315, 44023, [element])
    assert answer.accepted


def test_what_procore_keeps_beside_the_content_is_told_once_and_is_no_event(procore_flow: ProcoreFlow) -> None:
    flow = procore_flow
    number = made(flow)
    flow.carry()
    flow.look()
    before = len(flow.events())
    flow.sandbox.people("edit", kind="pco", id=flow.order()["id"], set={"executed": True})
    for _ in range(2):
        assert flow.run("poll-procore") == 0
    (told,) = [one for one in flow.outcomes() if one.kind is OutcomeKind.REMOTE_STATUS]
    assert (told.reason, told.change_order_key) == ("procore.executed_true", f"constructiononline:acme:{number}")
    assert told.facts == {"status": flow.order()["status"], "executed": "true", "package": "none", "request": "none"}
    assert told.event is None
    assert len(flow.events()) == before
