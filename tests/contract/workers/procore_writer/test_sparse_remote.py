"""A Procore that serves only what its reference names beyond doubt."""

from __future__ import annotations

import pytest

from deploy.sandbox.process import Simulated
from relay.engine.writer.carrier import Done, Refuse
from tests.contract.workers.procore_writer.driving import Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote

PAGES = ("/projects/315$", "_contracts/")
CONTRACTS = ("/projects/315$", "_contracts", "/prime_contract")


def unserved(procore: Simulated, *paths: str) -> None:
    for path in paths:
        procore.fault("status", {"method": "GET", "path": path}, status=404, body='{"errors": "Not found"}', times=0)


@pytest.mark.parametrize("missing", [PAGES, CONTRACTS], ids=["no pages", "no contracts"])
def test_a_contract_need_not_be_shown_to_be_written_to(
    procore: Simulated, driver: Driver, remote: Remote, missing: tuple[str, ...]
) -> None:
    unserved(procore, *missing)
    assert driver.one(command(content=payload(line("1", "12.50")))) == Done()
    assert remote.order()["title"] == "Footing rebar C4"


def test_a_contract_that_a_list_lacks_is_not_written_to(procore: Simulated, driver: Driver, remote: Remote) -> None:
    unserved(procore, *PAGES)
    procore.fault("status", {"path": "/work_order_contracts$"}, status=200, body="[]", times=0)
    end = driver.one(command(content=payload(line("1", "12.50"))))
    assert isinstance(end, Refuse)
    assert end.reason == "procore.contract_unknown"
    assert remote.orders() == []
