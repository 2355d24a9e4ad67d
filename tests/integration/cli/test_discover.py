"""``cor discover`` and ``cor check`` where Kafka is there: codes are those of the observed change orders."""

from __future__ import annotations

import httpx

from deploy.sandbox.process import simulated
from relay.domain.change_order import Classification
from tests.integration.cli.conftest import Place
from tests.unit.domain.mapping.samples import change_order, item


def test_codes_are_counted_as_they_were_observed_last_and_the_source_is_not_asked(place: Place) -> None:
    labor = Classification.LABOR
    place.observe("1", change_order(item("1", 10, cost_code="370"), item("2", 5, cost_code="371")))
    place.observe("1", change_order(item("2", 7, cost_code="371", classification=labor)))
    place.observe("2", change_order(item("3", 2, cost_code="371", classification=labor)))
    place.observe("3", change_order(item("4", 1, cost_code="999")))
    place.observe("3", change_order(item("4", 1, cost_code="999")), change="deleted")
    place.observe("4", change_order(item("5", 1, cost_code="998")), root="procore:acme:5", origin_id="cor:x:1:main")
    with simulated("constructiononline") as source:
        (place.folder / "password").write_text("sandbox-password", encoding="utf-8")
        (place.folder / "key").write_text("sandbox-api-key", encoding="utf-8")
        login = f"{{email: relay@acme.example, password_file: password, api_key_file: key, base_url: {source.url}/api}}"
        text = f"accounts:\n  constructiononline:\n    acme: {login}\n"
        (place.folder / "cor.yaml").write_text(text, encoding="utf-8")
        ended = place.cor("discover", "constructiononline:acme", "--json", "--write", str(place.folder / "out"))
        asked = [row["path"] for row in httpx.get(f"{source.url}/_sandbox/history").json()]
    assert ended.code == 0
    assert asked == ["/api/v2/Projects"]
    codes = ended.json["accounts"]["constructiononline:acme"]["source_codes"]
    assert [(row["code"], row["classification"], row["seen"], row["amount"]) for row in codes] == [
        ("371", "labor", "2", "9.00")
    ]
    assert (place.folder / "out" / "cost-codes.csv").read_text(encoding="utf-8-sig").count("371,labor") == 1
