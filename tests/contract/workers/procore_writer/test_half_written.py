"""A look at a record of which an earlier look has struck a part that nobody has written since."""

from __future__ import annotations

from dataclasses import replace

from deploy.sandbox.process import Simulated
from relay.domain.commands import Operation
from relay.domain.ledger_facts import ProcorePart
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.driving import Driver, command, new_adapter, payload


def test_nobody_is_said_to_have_changed_what_is_as_we_wrote_it(procore: Simulated, driver: Driver) -> None:
    first = command(content=payload())
    assert driver.one(first) == Done()
    entry = driver.entries[first.origin_id]
    left = {part: accepted for part, accepted in entry.parts.items() if part != ProcorePart.STATUS}
    driver.entries[first.origin_id] = replace(entry, parts=left)
    later = Driver(new_adapter(procore.url), driver.entries)
    end = later.one(command(operation=Operation.VERIFY, sequence=2))
    later.adapter.close()
    assert isinstance(end, Reject)
    assert end.reason == "procore.write_again"
    assert end.sentence.startswith("Our record is not written to its end; the newest version")
