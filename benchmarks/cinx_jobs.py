"""From an approved change order to a confirmed POCO, with many import jobs in flight at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from benchmarks.ends import Ends
from benchmarks.ground import Ground, quantiles
from deploy.sandbox.process import Simulated, simulated
from relay.domain import identity
from relay.domain.commands import CinxCommand, CinxDestination, CinxLine, CinxPayload, Operation
from relay.engine.kafka import Outgoing, PlainWriter
from relay.engine.record_codec import record_codec
from relay.engine.topics import CINX

CONFIGURATION = """
accounts:
  cinx:
    acme:
      base_url: {cinx}
      email: relay@acme.example
      password_file: password
      requests_per_second: {pace}
routes:
  - from: {{system: cinx, account: acme, project: none}}
    targets:
"""
_TARGET = """\
      - {{name: {lower}, system: cinx, account: acme, purchase_order: {order}}}
"""


def measure(fresh: Callable[[], Ground], jobs: int, seconds_per_job: int, pace: int) -> dict[str, Any]:
    """One change order for each of ``jobs`` purchase orders, all approved at once.

    Each job takes CINX ``seconds_per_job``; the relay makes at most ``pace`` requests a second.
    """
    here = fresh()
    with simulated("cinx") as cinx:
        cinx.settings(job_seconds=seconds_per_job)
        for at in range(jobs):
            cinx.people("create_po", number=f"BENCH-{at}", items=[{"description": "Pipe", "quantity": 1}])
        orders = ["PO-200", *(f"BENCH-{at}" for at in range(jobs))]
        targets = "".join(_TARGET.format(order=order, lower=order.lower()) for order in orders)
        here.configure(CONFIGURATION.format(cinx=cinx.url, pace=pace) + targets)
        here.cor("topics", "apply", "--unproven", "--partitions", str(here.partitions))
        with here.running(["cinx-submitter"]):
            _warm(here, cinx)
            return _measured(here, cinx, [_command(at, f"BENCH-{at}") for at in range(jobs)], seconds_per_job, pace)


def _warm(here: Ground, cinx: Simulated) -> None:
    """The first command learns the subscription, the template and the cost codes."""
    first = _command(-1, "PO-200")
    _submit(here, [first])
    Ends(here).wait([first.command_id])
    cinx.forget()


def _measured(
    here: Ground, cinx: Simulated, commands: list[CinxCommand], seconds_per_job: int, pace: int
) -> dict[str, Any]:
    began = datetime.now(UTC)
    _submit(here, commands)
    names, ends = [one.command_id for one in commands], Ends(here)
    ends.wait(names)
    rows = cinx.history()
    looks = sum(row["path"].endswith("/status") for row in rows)
    return {
        "jobs": len(commands),
        "seconds_per_job_at_cinx": seconds_per_job,
        "pace_per_second": pace,
        "approved_to_confirmed_seconds": quantiles(ends.seconds(names, began)),
        "requests_per_poco": round(len(rows) / len(commands), 2),
        "status_calls_per_job": round(looks / len(commands), 2),
        "outcomes": ends.kinds(names),
    }


def _submit(here: Ground, commands: list[CinxCommand]) -> None:
    codec, topic = record_codec(), CINX.commands.name(here.prefix)
    number = identity.tenant_partition("cinx", "acme", here.partitions)
    with PlainWriter(here.connection) as writer:
        for one in commands:
            writer.send(Outgoing(topic, one.origin_id.encode(), codec.encode(one, topic), number))
        writer.flush()


def _command(number: int, purchase_order: str) -> CinxCommand:
    line = CinxLine(
        item_id="1", position=1, description="Fittings", quantity=Decimal(2), unit_price=Decimal(number + 10) / 4
    )
    payload = CinxPayload(description=f"Change {number}", lines=(line,))
    key = identity.change_order_key("constructiononline", "acme", str(number))
    origin = identity.origin_id(key, "main")
    payload_hash = identity.content_hash(payload)
    return CinxCommand(
        command_id=f"{origin}/1",
        operation=Operation.APPLY,
        change_order_key=key,
        root=key,
        system="cinx",
        account="acme",
        target="main",
        origin_id=origin,
        project=None,
        sequence=1,
        mapped_at=datetime.now(UTC),
        event=None,
        idempotency_key=identity.content_hash([origin, payload_hash]),
        payload_hash=payload_hash,
        destination=CinxDestination(purchase_order=purchase_order),
        payload=payload,
    )
