from __future__ import annotations

from relay.clients.cinx import CostEntry
from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.cache.lookups import CostLookup, NoEntry


def test_a_name_goes_before_another_entrys_code() -> None:
    rows = [{"cinx_guid": "a", "name": "371"}, {"cinx_guid": "b", "name": "Paint", "reference_id": "371"}]
    lookup = CostLookup.of(CostEntry.read(factories.native(row)) for row in rows)
    entry = lookup.find("371")
    assert not isinstance(entry, NoEntry)
    assert entry.guid == "a"
    assert lookup.find("37") is NoEntry.MISSING
