"""Both writers ask and send nothing where no route leads, and go on once the file in force names the place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deploy.sandbox.process import Simulated
from relay.domain.outcomes import OutcomeKind
from tests.faults.cinx_relay import SubmittersRelay, order
from tests.faults.harness import Relay, awaited, end
from tests.faults.orders import DESTINATION, change_order

UNROUTED = replace(DESTINATION, project_id=316, contract_id=44024)


def without_route_to(file: Path, name: str) -> str:
    """The file, of which the lines of the target ``name`` are taken out; returns how it was."""
    text = file.read_text(encoding="utf-8")
    first = text.index(f"      - {{name: {name},")
    file.write_text(text[:first] + text[text.index("}\n", first) + 2 :], encoding="utf-8")
    return text


def test_procore_is_neither_asked_nor_told(relay: Relay, procore: Simulated) -> None:
    file = relay.folder / "cor.yaml"
    whole = without_route_to(file, "else")
    unrouted, routed = replace(change_order(1, 1), destination=UNROUTED), change_order(2, 1)
    relay.submit([unrouted, routed])
    process = relay.start("procore-writer", once=False)
    try:
        awaited(lambda: relay.ended([routed]), "what has a route to be applied")
        assert not [row for row in procore.history() if "316" in row["path"] or "44024" in row["path"]]
        assert not relay.ended([unrouted])
        file.write_text(whole, encoding="utf-8")
        awaited(lambda: relay.ended([unrouted]), "the other, once it has one")
    finally:
        end(process)
    assert [outcome.kind for outcome in relay.outcomes()] == [OutcomeKind.APPLIED] * 2
    assert not relay.letters()


def test_cinx_is_neither_asked_nor_told(submitters: SubmittersRelay) -> None:
    file = submitters.folder / "cor.yaml"
    unrouted, routed = order(0, 1), order(2, 1)
    assert (unrouted.account, routed.account) == ("acme", "acme")
    whole = without_route_to(file, f"acme-{unrouted.destination.purchase_order.lower()}")
    submitters.order(unrouted, routed)
    process = submitters.start("cinx-submitter", once=False)
    try:
        awaited(lambda: submitters.ended([routed]), "what has a route to be ordered")
        asked = submitters.companies["acme"].history()
        assert not [row for row in asked if unrouted.destination.purchase_order in f"{row['path']} {row['body']}"]
        assert not submitters.ended([unrouted])
        file.write_text(whole, encoding="utf-8")
        awaited(lambda: submitters.ended([unrouted]), "the other, once it has one")
    finally:
        end(process)
    assert not submitters.letters()
