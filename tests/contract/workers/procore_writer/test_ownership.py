"""What another installation or system has written is never written over, whatever it is called there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreRules
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.driving import Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote

CONTENT = payload(line("1", "100"))
MARK = {"installation": "elsewhere", "idempotency_key": "k", "sequence": 9, "content": "c"}
EXISTING = pytest.mark.parametrize("existing", ["letter", "adopt", "create"])


def theirs(remote: Remote, number: str = "X-1", **more: Any) -> dict[str, Any]:
    attributes = {"contract": 44021, "title": "Quite another title", "number": number, **more}
    made: dict[str, Any] = remote.sandbox.people("create_pco", **attributes)
    return made


def typed(remote: Remote, count: int) -> None:
    for one in range(count):
        theirs(remote, f"T-{one}", title=f"Typed {one}")


def refused(end: object) -> None:
    assert isinstance(end, Reject)
    assert end.reason == "procore.origin_id_owned"
    assert "elsewhere" in end.sentence


@EXISTING
@pytest.mark.parametrize("others", [0, 40])
def test_another_installations_record_with_the_same_origin_id_is_left_alone(
    driver: Driver, remote: Remote, existing: str, others: int
) -> None:
    typed(remote, others)
    ours = command(content=CONTENT, rules=ProcoreRules(existing=existing))
    made = theirs(remote, origin_id=ours.origin_id, origin_data=json.dumps(MARK))
    remote.sandbox.forget()
    refused(driver.one(ours))
    assert remote.writes() == []
    (now,) = [row for row in remote.orders() if row["id"] == made["id"]]
    assert made.items() <= now.items()


def test_a_record_of_our_own_that_the_ledger_lost_is_met_again(driver: Driver, remote: Remote) -> None:
    first = command(content=CONTENT)
    assert driver.one(first) == Done()
    driver.entries.clear()
    driver.adapter.cache.views.clear()
    assert driver.one(command(content=payload(line("1", "70"), title="Newer", number="9"), sequence=2)) == Done()
    assert remote.order()["title"] == "Newer"


def test_few_records_are_looked_at_once_for_all(driver: Driver, remote: Remote) -> None:
    typed(remote, 5)
    remote.sandbox.forget()
    several = [command(str(one), payload(title=f"CO {one}", number=str(one))) for one in range(20)]
    assert driver.run(*several) == [Done()] * 20
    shows = [row for row in remote.sandbox.history() if row["path"].rpartition("/")[2].isdigit()]
    assert len([row for row in shows if row["method"] == "GET" and "potential" in row["path"]]) == 5
    assert driver.steps() == ["header"]


def test_among_many_records_each_new_change_order_is_asked_for(driver: Driver, remote: Remote) -> None:
    typed(remote, 40)
    remote.sandbox.forget()
    assert driver.one(command(content=CONTENT)) == Done()
    asked = [row["query"] for row in remote.sandbox.history() if row["path"].endswith("/potential_change_orders")]
    lists = [query for query in asked if "origin_id" in str(query)]
    assert len(lists) == 1


def test_a_filter_that_is_passed_over_makes_no_strangers_record_ours(
    procore: Simulated, driver: Driver, remote: Remote
) -> None:
    typed(remote, 40)
    before = remote.orders()
    rows = [{"id": row["id"], "contract_id": 44021, "number": row["number"]} for row in before[:3]]
    searching = {"method": "GET", "path": "/potential_change_orders$", "query": "origin_id"}
    procore.fault("status", searching, status=200, body=json.dumps(rows))
    assert driver.one(command(content=CONTENT)) == Done()
    shown = [row["path"].rpartition("/")[2] for row in procore.history() if row["method"] == "GET"]
    assert {str(row["id"]) for row in rows} <= set(shown), "they were never taken for ours"
    assert [row for row in remote.orders() if row in before] == before
    assert len(remote.orders()) == len(before) + 1


def test_a_record_that_may_not_be_shown_bars_nobodys_way(procore: Simulated, driver: Driver, remote: Remote) -> None:
    hidden = theirs(remote)
    path = f"/potential_change_orders/{hidden['id']}$"
    procore.fault("status", {"method": "GET", "path": path}, status=403, body='{"errors": "private"}', times=0)
    assert driver.one(command(content=CONTENT)) == Done()
    assert len(remote.orders()) == 2
