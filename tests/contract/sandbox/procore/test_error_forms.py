"""Every form of an error's body that some endpoint or page has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.procore.calls import WORK_ORDER, Api

BODY = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": ""}}
TEXT = "title can't be blank"
FORMS: dict[str, Any] = {
    "documented": {"errors": {"title": ["can't be blank"]}},
    "text": {"errors": TEXT},
    "list": {"errors": [TEXT]},
    "fields": {"errors": {"title": ["can't be blank"]}},
    "message": {"message": TEXT},
    "code": {"code": 400, "message": TEXT, "fields": "title", "reason": "Bad Request", "error": "Bad Request"},
    "object": {
        "error": {
            "code": "BAD_REQUEST",
            "message": TEXT,
            "details": [{"reason_code": "INVALID", "message": "can't be blank", "source": "title"}],
        }
    },
    "typed": {"errors": {"base": [TEXT]}, "error_type": "bad_request", "file": None},
}


@pytest.mark.parametrize("form", FORMS)
def test_an_error_has_the_form_of_the_setting(api: Api, form: str) -> None:
    api.sandbox.settings(error_form=form)
    answer = api.send("POST", "potential_change_orders", BODY, project_id=None)
    assert (answer.status_code, answer.json()) == (400, FORMS[form])


def test_an_error_can_be_a_page_or_nothing(api: Api) -> None:
    api.sandbox.settings(error_form="html")
    answer = api.send("POST", "potential_change_orders", BODY, project_id=None)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html")
    assert "<h1>400 Bad Request</h1>" in answer.text
    api.sandbox.settings(error_form="empty")
    answer = api.send("POST", "potential_change_orders", BODY, project_id=None)
    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"errors": "The access token is invalid"}),
        (403, {"errors": ["App is not connected to this company."]}),
        (404, {"errors": "Not found"}),
    ],
)
def test_the_documented_form_differs_by_status(api: Api, status: int, body: object) -> None:
    if status == 401:
        api.sandbox.people("expire_tokens")
    if status == 403:
        api.sandbox.people("disconnect_app")
    answer = api.send("GET", f"potential_change_orders/1?contract_id={WORK_ORDER}", contract_id=WORK_ORDER)
    assert (answer.status_code, answer.json()) == (status, body)


def test_a_page_of_a_proxy_hides_that_the_request_was_applied(api: Api) -> None:
    api.sandbox.fault("html", {"path": "sync"}, apply=True)
    assert api.sync_raw({"origin_id": "A", "title": "x"}).status_code == 502
    assert len(api.find("potential_change_orders", {"origin_id": "A"})) == 1


def test_settings_are_checked(api: Api) -> None:
    for wrong in ({"error_form": "xml"}, {"spike_limit": -1}, {"spike_limit": "5"}, {"nothing": 1}):
        with pytest.raises(Exception, match=next(iter(wrong))):
            api.sandbox.settings(**wrong)
