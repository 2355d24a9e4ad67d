"""A look at a contract, which is made anyway, says what it is called and what it amounts to."""

from __future__ import annotations

from decimal import Decimal

from deploy.sandbox.process import Simulated
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.engine.writer.adapter import Done
from tests.contract.workers.procore_writer.harness import PRIME, WORK_ORDER, Driver, command, line, new_adapter, payload


def noted(procore: Simulated, *destinations: object) -> list[DirectoryEntry]:
    """What is noted of the contracts of change orders that are carried."""
    entries: list[DirectoryEntry] = []
    for number, destination in enumerate(destinations):
        adapter = new_adapter(procore.url, note=entries.append)
        given = command(str(number), payload(line("1", "100"), number=None), destination=destination)  # type: ignore[arg-type]  # a destination
        assert Driver(adapter).one(given) == Done()
        adapter.close()
    return entries


def test_contracts_of_both_sides_are_noted_with_their_amounts(procore: Simulated) -> None:
    procore.people("create_pco", contract=44021, title="Other", status="approved", lines=[{"amount": "250.0"}])
    subcontract, prime = noted(procore, WORK_ORDER, PRIME)
    contracts = {row["id"]: row for row in procore.state()["contracts"]}
    assert (subcontract.kind, prime.kind) == (DirectoryKind.SUBCONTRACT, DirectoryKind.PRIME_CONTRACT)
    for entry in (subcontract, prime):
        held = contracts[int(entry.entry_id)]
        assert (entry.number, entry.title, entry.status) == (held["number"], held["title"], held["status"])
        assert (entry.project_id, entry.currency) == ("315", "USD")
        assert entry.original_amount == Decimal(held["grand_total"])
    assert subcontract.original_amount is not None
    assert subcontract.approved_changes == Decimal(250)
    assert subcontract.revised_amount == subcontract.original_amount + 250
    assert prime.revised_amount == prime.original_amount
    assert subcontract.vendor
    assert not subcontract.absent


def test_no_call_is_made_for_it(procore: Simulated) -> None:
    procore.forget()
    noted(procore, WORK_ORDER)
    looks = [row for row in procore.history() if row["path"].endswith("/work_order_contracts")]
    assert len(looks) == 1
