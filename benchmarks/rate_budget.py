"""How much of a company's rate limit is used under load, and how often the company had to refuse us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from benchmarks import procore_calls
from benchmarks.ends import Ends
from benchmarks.ground import Ground
from deploy.sandbox.process import simulated
from relay.clients.rate import shares

WINDOW = 10


def measure(fresh: Callable[[], Ground], count: int, limit: int) -> dict[str, Any]:
    """A load of ``count`` change orders with lines, against a limit of ``limit`` requests in ten seconds.

    The share is that of the full windows between the first and the last request; a fifth of the
    limit is the poller's and the guests', and not the writer's to use.
    """
    here = fresh()
    with simulated("procore") as procore:
        procore_calls.company(procore, 1)
        procore.settings(spike_limit=limit)
        here.configure(procore_calls.configuration(procore, limit, 1))
        here.cor("topics", "apply", "--unproven", "--partitions", str(here.partitions))
        with here.running(["procore-writer"]):
            load = [procore_calls.command(number, 1, 2, 1) for number in range(1, count + 1)]
            procore_calls.submit(here, load)
            Ends(here).wait(one.command_id for one in load)
        rows = [row for row in procore.history() if row["path"].startswith("/rest/")]
    moments = [datetime.fromisoformat(row["at"]).timestamp() for row in rows]
    return {"limit_per_10_seconds": limit, **_used(moments, limit), **_refused(rows)}


def _used(moments: list[float], limit: int) -> dict[str, Any]:
    first = min(moments)
    windows = Counter(int((moment - first) // WINDOW) for moment in moments)
    full = [windows[at] for at in range(1, max(windows))]
    share = sum(full) / len(full) / limit if full else 0.0
    return {
        "full_windows": len(full),
        "share_of_limit": round(share, 3),
        "share_of_the_writers_part": round(share / shares.of_writer().own, 3),
    }


def _refused(rows: list[dict[str, Any]]) -> dict[str, Any]:
    too_many = 429
    return {"requests": len(rows), "refused": sum(row["status"] == too_many for row in rows)}
