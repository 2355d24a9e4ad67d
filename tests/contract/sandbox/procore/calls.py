"""Calls as a service account sends them, for the tests of the simulated Procore."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from deploy.sandbox.process import Simulated

Row = dict[str, Any]

CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
GRANT = {"grant_type": "client_credentials", **CLIENT}
WORK_ORDER, PURCHASE_ORDER, PRIME = 44021, 44022, 44023


class Api:
    """One client with a token of the service account and the company's header."""

    def __init__(self, sandbox: Simulated, client: httpx.Client) -> None:
        self.sandbox = sandbox
        self.client = client
        self.renew()

    def renew(self) -> None:
        """A fresh token."""
        token = self.client.post("/oauth/token", json=GRANT).json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """Any call below ``/rest/v1.0``; ``project_id`` 315 unless the query has another or none is wanted."""
        wanted = {"project_id": 315, **query}
        params = {name: value for name, value in wanted.items() if value is not None}
        return self.client.request(method, f"/rest/v1.0/{path}", params=params, json=body)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a call that must succeed."""
        answer = self.send("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def find(self, path: str, filters: dict[str, str], **query: Any) -> list[Row]:
        """The rows that the filters leave."""
        rows: list[Row] = self.get(path, **{f"filters[{name}]": value for name, value in filters.items()}, **query)
        return rows

    def sync_raw(self, *updates: Any, contract: int = WORK_ORDER, project: int = 315) -> httpx.Response:
        return self.send(
            "PATCH",
            "potential_change_orders/sync",
            {"updates": list(updates)},
            project_id=project,
            contract_id=contract,
        )

    def sync(self, *updates: Any, contract: int = WORK_ORDER, project: int = 315) -> tuple[list[Row], list[Row]]:
        """Entities and errors of a PCO sync, which answers 200 whatever becomes of the elements."""
        answer = self.sync_raw(*updates, contract=contract, project=project)
        assert answer.status_code == 200, answer.text
        return answer.json()["entities"], answer.json()["errors"]

    def pco(self, **attributes: Any) -> Row:
        """The one PCO that a sync stores."""
        contract, project = attributes.pop("contract", WORK_ORDER), attributes.pop("project", 315)
        entities, errors = self.sync({"title": "Footing rebar C4", **attributes}, contract=contract, project=project)
        assert errors == []
        return entities[0]

    def lines(self, pco: int, *updates: Any, project: int = 315) -> tuple[list[Row], list[Row]]:
        """Entities and errors of a line item sync."""
        path = f"potential_change_orders/{pco}/line_items/sync"
        answer = self.send("PATCH", path, {"updates": list(updates)}, project_id=project)
        assert answer.status_code == 200, answer.text
        return answer.json()["entities"], answer.json()["errors"]

    def package(self, **attributes: Any) -> Row:
        """A package that a POST creates."""
        contract, project = attributes.pop("contract", WORK_ORDER), attributes.pop("project", 315)
        body = {"project_id": project, "contract_id": contract, "change_order": {"title": "CCO", **attributes}}
        answer = self.send("POST", "change_order_packages", body, project_id=None)
        assert answer.status_code == 201, answer.text
        created: Row = answer.json()
        return created

    def change_package(self, package: int, **attributes: Any) -> httpx.Response:
        body = {"project_id": 315, "change_order": attributes}
        return self.send("PATCH", f"change_order_packages/{package}", body, project_id=None)

    def show(self, pco: int, contract: int = WORK_ORDER) -> Row:
        """The show view of a PCO."""
        shown: Row = self.get(f"potential_change_orders/{pco}", contract_id=contract)
        return shown

    def now(self) -> datetime:
        """The simulator's time, which earlier tests may have moved forward."""
        return datetime.fromisoformat(self.sandbox.call("GET", "clock")["now"])

    def row(self, pco: int) -> Row:
        """The list row of a PCO."""
        return self.find("potential_change_orders", {"id": str(pco)})[0]
