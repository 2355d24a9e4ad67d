"""What the simulated Procore holds and was asked, as a judge reads it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from deploy.sandbox.process import Simulated

Row = dict[str, Any]


@dataclass
class Remote:
    """Reads state and history."""

    sandbox: Simulated

    def rows(self, kind: str) -> list[Row]:
        return [row for row in self.sandbox.state()[kind] if row.get("deleted_at") is None]

    def orders(self) -> list[Row]:
        return self.rows("potential_change_orders")

    def order(self) -> Row:
        (row,) = self.orders()
        return row

    def packages(self) -> list[Row]:
        return self.rows("change_order_packages")

    def package(self) -> Row:
        (row,) = self.packages()
        return row

    def change_order_requests(self) -> list[Row]:
        return self.rows("change_order_requests")

    def lines(self, pco_id: int | None = None) -> list[Row]:
        return [row for row in self.sandbox.state()["line_items"] if pco_id is None or row["pco_id"] == pco_id]

    def amounts(self, pco_id: int | None = None) -> Counter[str]:
        return Counter(f"{Decimal(row['amount']):.2f}" for row in self.lines(pco_id))

    def changes(self, kind: str) -> list[Row]:
        return [row for row in self.sandbox.state()["changes"] if row["kind"] == kind]

    def writes(self) -> list[str]:
        """Method and path of every writing request, without ids."""
        return [
            f"{row['method']} {row['path'].removeprefix('/rest/v1.0/')}"
            for row in self.sandbox.history()
            if row["method"] != "GET" and "oauth" not in row["path"]
        ]

    def bodies(self, path: str) -> list[Row]:
        """The bodies of the requests whose path ends so."""
        found = [row for row in self.sandbox.history() if row["path"].endswith(path)]
        return [json.loads(row["body"]) for row in found]

    def took_hold(self) -> bool:
        """Whether every armed fault has had its request."""
        return all(row["taken"] for row in self.sandbox.faults()["faults"])

    def requests(self) -> int:
        return len([row for row in self.sandbox.history() if "oauth" not in row["path"]])
