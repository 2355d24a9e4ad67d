"""Requests that Procore sees: for a first load, for a trickle of edits, and for a replay of everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks.ends import Ends
from benchmarks.ground import Ground, quantiles
from deploy.sandbox.process import Simulated, simulated
from relay.domain import identity
from relay.domain.commands import (
    ContractKind,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcoreLine,
    ProcorePayload,
    ProcoreRules,
)
from relay.domain.identity import tenant_partition
from relay.engine.kafka import Outgoing, PlainWriter
from relay.engine.record_codec import record_codec
from relay.engine.topics import PROCORE

_CONFIGURATION = """
accounts:
  procore:
    acme:
      api_url: {procore}
      login_url: {procore}
      company_id: 4200
      client_id_file: client-id
      client_secret_file: client-secret
      requests_per_hour: 10000000
      requests_per_10_seconds: {limit}
routes:
  - from: {{system: procore, account: acme, project: 1}}
    targets:
"""
_TARGET = """\
      - {{name: contract-{number}, system: procore, account: acme, project_id: {project}, contract_id: {number},
         contract: work_order, tiers: {tiers}}}
"""

NO_LIMIT = 1_000_000
PROJECT = 315
FIRST_CONTRACT = 90_000


def measure(
    fresh: Callable[[], Ground], count: int, items: int, contracts: int, edits: int, program: str = "cli"
) -> dict[str, Any]:
    """The three loads one after the other, against one company. ``program``: the module that is ``cor``."""
    here = fresh()
    with simulated("procore") as procore:
        company(procore, contracts)
        here.configure(configuration(procore, NO_LIMIT, contracts))
        here.cor("topics", "apply", "--unproven", "--partitions", str(here.partitions))
        ends = Ends(here)
        with here.running(["procore-writer"], program=program):
            load = [command(number, 1, items, contracts) for number in range(1, count + 1)]
            first = _carried(here, procore, ends, load)
            trickle = [_carried(here, procore, ends, [_edit(load[at], 2)]) for at in range(edits)]
            newest = {one.origin_id: one for one in [*load, *(_edit(load[at], 2) for at in range(edits))]}
            again = [_again(one) for one in newest.values()]
            replay = _carried(here, procore, ends, again)
    return {
        "change_orders": count,
        "items": items,
        "contracts": contracts,
        "first_load": first,
        "edit_of_a_title": {
            "requests": sum(one["requests"] for one in trickle) / max(1, edits),
            "command_to_applied_seconds": quantiles([one["command_to_end_seconds"]["p50"] for one in trickle]),
        },
        "replay": replay,
    }


def configuration(procore: Simulated, limit: int, contracts: int, tiers: int = 2) -> str:
    """A file with a limit of so many requests in ten seconds, whose route names every contract."""
    numbers = range(FIRST_CONTRACT, FIRST_CONTRACT + contracts)
    targets = "".join(_TARGET.format(number=number, project=PROJECT, tiers=tiers) for number in numbers)
    return _CONFIGURATION.format(procore=procore.url, limit=limit) + targets


def company(procore: Simulated, contracts: int) -> None:
    """A company with so many contracts and no limits."""
    procore.settings(hourly_limit=10_000_000, spike_limit=NO_LIMIT)
    for at in range(contracts):
        number = FIRST_CONTRACT + at
        procore.people("create_contract", project=PROJECT, kind="work_order", title=f"Contract {at}", id=number)


def _carried(here: Ground, procore: Simulated, ends: Ends, commands: list[ProcoreCommand]) -> dict[str, Any]:
    """Submits ``commands`` and waits for their ends."""
    procore.forget()
    began = datetime.now(UTC)
    submit(here, commands)
    names = [one.command_id for one in commands]
    ends.wait(names)
    seconds = ends.seconds(names, began)
    rows = procore.history()
    syncs = [row for row in rows if row["path"].endswith("potential_change_orders/sync")]
    elements = sum(len(_updates(row)) for row in syncs)
    return {
        "requests": len(rows),
        "requests_per_change_order": round(len(rows) / len(commands), 3),
        "elements_per_header_sync": round(elements / len(syncs), 1) if syncs else 0,
        "requests_per_second": round(len(rows) / max(seconds), 1),
        "seconds": round(max(seconds), 2),
        "command_to_end_seconds": quantiles(seconds),
        "outcomes": ends.kinds(names),
    }


def _updates(row: dict[str, Any]) -> list[Any]:
    body = row.get("body")
    if isinstance(body, dict):
        return list(body.get("updates", []))
    return list(json.loads(body or "{}").get("updates", []))


def submit(here: Ground, commands: Iterable[ProcoreCommand]) -> None:
    """Writes commands to the live lane."""
    codec, topic = record_codec(), PROCORE.commands.name(here.prefix)
    number = tenant_partition("procore", "acme", here.partitions)
    with PlainWriter(here.connection) as writer:
        for at, one in enumerate(commands):
            writer.send(Outgoing(topic, one.origin_id.encode(), codec.encode(one, topic), number))
            if at % 500 == 499:
                writer.flush()
        writer.flush()


def command(number: int, sequence: int, items: int, contracts: int) -> ProcoreCommand:
    """A change order with so many lines, in one of so many contracts."""
    lines = tuple(
        ProcoreLine(item_id=str(at), position=at, description=f"Line {at}", amount=Decimal(number * 7 + at) / 4)
        for at in range(1, items + 1)
    )
    payload = ProcorePayload(title=f"Change {number}", status="pending", number=f"B-{number}", lines=lines)
    key = identity.change_order_key("constructiononline", "acme", str(number))
    origin = identity.origin_id(key, "main")
    destination = ProcoreDestination(
        project_id=PROJECT,
        contract_id=FIRST_CONTRACT + number % contracts,
        contract=ContractKind.WORK_ORDER,
        tiers=2,
    )
    return keyed(
        ProcoreCommand(
            command_id="",
            operation=Operation.APPLY,
            change_order_key=key,
            root=key,
            system="procore",
            account="acme",
            target="main",
            origin_id=origin,
            project=None,
            sequence=sequence,
            mapped_at=datetime.now(UTC),
            event=None,
            idempotency_key="",
            payload_hash="",
            destination=destination,
            rules=ProcoreRules(existing="create"),
            payload=payload,
        )
    )


def keyed(command: ProcoreCommand) -> ProcoreCommand:
    """The command with its id, hash and key after its content has changed."""
    payload_hash = identity.content_hash(command.payload)
    key = identity.content_hash([command.origin_id, command.sequence, payload_hash])
    name = f"{command.origin_id}/{command.sequence}/{command.mapped_at.isoformat()}"
    return replace(
        command,
        command_id=name,
        payload_hash=payload_hash,
        idempotency_key=key,
    )


def _edit(command: ProcoreCommand, sequence: int) -> ProcoreCommand:
    payload = command.payload
    if payload is None:
        raise ValueError("an edit of a withdrawal")
    changed = replace(payload, title=f"{payload.title}, edited")
    return keyed(replace(command, sequence=sequence, payload=changed))


def _again(command: ProcoreCommand) -> ProcoreCommand:
    """The same event, mapped again later."""
    return keyed(replace(command, mapped_at=command.mapped_at + timedelta(seconds=60)))
