"""From an edit in ConstructionOnline to the same words in Procore, while nothing else goes on.

The poll interval is part of it: an edit waits half of it on average.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks.ground import Ground, awaited, quantiles
from deploy.sandbox.process import simulated

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      base_url: {source}/api
      email: relay@acme.example
      password_file: password
      api_key_file: api-key
      poll_interval: {interval}s
  procore:
    acme:
      api_url: {procore}
      login_url: {procore}
      company_id: 4200
      client_id_file: client-id
      client_secret_file: client-secret
routes:
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    mode: live
    history: true
    targets:
      - {{name: main, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: work_order,
         tiers: 2, existing: create}}
"""

STAGES = ("poll-constructiononline", "mapper", "procore-writer")


def measure(fresh: Callable[[], Ground], edits: int, interval: float = 1.0) -> dict[str, Any]:
    """Edits one after the other, each awaited in Procore."""
    here = fresh()
    with simulated("constructiononline") as source, simulated("procore") as procore:
        source.people("set_rate", window="hour", limit=1_000_000)
        source.people("set_rate", window="day", limit=1_000_000)
        source.people("load_samples")
        here.configure(CONFIGURATION.format(source=source.url, procore=procore.url, interval=interval))
        here.cor("topics", "apply", "--unproven", "--partitions", str(here.partitions))
        with here.running(STAGES):
            waits = [_one(source, procore, number) for number in range(edits + 1)]
    return {"edits": edits, "poll_interval_seconds": interval, "seconds": quantiles(waits[1:])}


def _one(source: Any, procore: Any, number: int) -> float:
    title = f"Light fixtures, edit {number}"
    source.people("edit_change_order", id=498099, set={"NAME": title})
    began = time.perf_counter()
    awaited(lambda: any(row["title"] == title for row in procore.state()["potential_change_orders"]), title)
    return time.perf_counter() - began
