"""The calls of the simulated company, and a payload that its import takes."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Simulated

Row = dict[str, Any]


@dataclass(frozen=True)
class Company:
    """What a client of the company can do."""

    client: httpx.Client
    token: str

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(f"/2.0/sub/{self.token}/{path}", params=query)

    def rows(self, path: str, **query: Any) -> list[Row]:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        rows: list[Row] = answer.json()["rows"]
        return rows

    def send(self, payload: Any, method: str = "POST", **query: str) -> httpx.Response:
        path = f"/2.0/sub/{self.token}/partner/exec/cinx/json-poco-import"
        return self.client.request(method, path, params={"body": "json", **query}, json=payload)

    def job(self, payload: Any, method: str = "POST", **query: str) -> str:
        answer = self.send(payload, method, **query)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    def status(self, job_id: str) -> Row:
        answer: Row = self.client.get(f"/1.0/partner/exec/{job_id}/status").json()
        return answer

    def pocos(self, po_number: str = "PO-123") -> list[Row]:
        [po] = self.rows("pos", number=po_number)
        return self.rows(f"po/{po['cinx_guid']}/pocos")

    def poco(self, guid: str) -> Row:
        [row] = self.rows(f"poco/{guid}")
        return row


@pytest.fixture
def company(cinx: Simulated, user: httpx.Client) -> Company:
    return Company(user, cinx.state()["token"])


@pytest.fixture
def payload() -> Row:
    """A POCO of one new line for PO-123, with all that the template requires."""
    return copy.deepcopy(PAYLOAD)


PAYLOAD: Row = {
    "description": "Footing over-excavation",
    "procurement_status": "NOT ORDERED",
    "allow_substitutes": True,
    "purchase_order": {"number": "PO-123"},
    "delivery": {"country": "USA", "location_type": "JOB SITE"},
    "taxes": {"taxable": True},
    "external_references": [
        {"type": "change-order-relay", "description": "Origin", "value": "cor:constructiononline:acme:498099:main"}
    ],
    "items": [
        {
            "quantity": 3,
            "unit_price": 270.05,
            "price_uom": "E",
            "currency": "USD",
            "allow_substitutes": True,
            "procurement_status": "NOT ORDERED",
            "description": "Rebar upgrade, grid C–F",
            "job_cost": {"material_cost_code_name": "03-300"},
            "taxes": {"taxable": True},
        }
    ],
}
