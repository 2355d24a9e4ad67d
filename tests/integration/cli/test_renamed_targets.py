"""A target that is called otherwise in the file once something was written by its name."""

from __future__ import annotations

import json

import pytest

from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import LedgerEntry
from relay.domain.records import OperatorAction
from relay.engine.kafka import Cluster, Partition
from relay.engine.topics import AUDIT, CURRENT, PROCORE
from tests.integration.cli.conftest import CODEC, Place, a_moment, key_of, tenant

APPLY = ("topics", "apply", "--partitions", "2", "--unproven")
WHY = ("--why", "another one", "--who", "Ann")
FAILED, WRONG, DECIDE = 1, 2, 3


def written(place: Place, change_order_id: str, target: str = "main", destination: str = "315/44021") -> None:
    key = key_of(change_order_id)
    entry = LedgerEntry(
        origin_id=f"cor:{key}:{target}",
        change_order_key=key,
        destination=destination,
        seen_sequence=1,
        seen_mapped_at=a_moment(),
        sent_sequence=1,
        parts={},
        remote={},
    )
    place.put(PROCORE.ledger, entry.origin_id, entry, tenant())


def rename(place: Place, to: str) -> None:
    file = place.folder / "cor.yaml"
    text = file.read_text(encoding="utf-8").replace("  - from:", "  - name: tower\n    from:")
    file.write_text(text.replace("name: main", f"name: {to}"), encoding="utf-8")


@pytest.mark.usefixtures("recorded")
def test_whether_it_was_renamed_is_asked_with_both_names_and_what_to_do(place: Place) -> None:
    written(place, "1")
    written(place, "2")
    written(place, "3", "other")
    written(place, "4", destination="315/44099")
    rename(place, "mian")
    question = (
        "was the target tower/main renamed to tower/mian? 2 change orders were written to Procore 315/44021 by the "
        "name main"
    )
    for command in (("go-live", "tower"), ("hold", "--target", "mian", *WHY), APPLY):
        ended = place.cor(*command)
        assert ended.code == FAILED
        assert question in ended.err
        assert "call it main again in the file" in ended.err
        assert "cor topics apply --accept-new-target tower/mian" in ended.err
    checked = {one["check"]: one for one in place.cor("check", "--json").json["checks"]}["names"]
    assert (checked["ok"], question in checked["said"]) == (False, True)
    planned = place.cor("plan", "--json")
    assert (planned.code, question in planned.json["renamed"][0]) == (DECIDE, True)
    assert f"{question[:1].upper()}{question[1:]}" in place.cor("plan").out


@pytest.mark.usefixtures("recorded")
def test_status_asks_before_it_says_how_to_carry_what_a_renamed_target_has_not(place: Place, cluster: Cluster) -> None:
    written(place, "1")
    original = place.observe("1")
    place.put(CURRENT, key_of("1"), CODEC.decode(original.value or b"", ChangeOrderObserved))
    cluster.reset_offsets(f"{place.prefix}mapper", {Partition(original.topic, original.partition): original.offset + 1})
    rename(place, "mian")
    told = " ".join(place.cor("status").out.split())
    assert (
        "1 change order was only shown. Before they are carried: was the target tower/main renamed to tower/mian?"
        in told
    )
    assert "cor go-live tower" not in told
    assert place.cor(*APPLY, "--accept-new-target", "tower/mian", *WHY).code == 0
    told = " ".join(place.cor("status").out.split())
    assert "1 change order was only shown. Carry them: cor go-live tower" in told


@pytest.mark.usefixtures("recorded")
def test_a_person_may_say_that_another_target_is_meant(place: Place) -> None:
    written(place, "1")
    rename(place, "new")
    accept = ("--accept-new-target", "tower/new")
    assert place.cor(*APPLY, *accept).code == WRONG, "without a reason"
    assert "other" in place.cor(*APPLY, "--accept-new-target", "other", *WHY).err
    accepted = place.cor(*APPLY, *accept, *WHY)
    assert accepted.code == 0, accepted.err
    assert "recorded target:constructiononline:acme:1321036:new" in accepted.out
    assert place.cor("plan", "--json").json["renamed"] == []
    (action,) = [one for one in place.decoded(AUDIT, OperatorAction) if one.action == "target accepted"]
    assert (action.subject, action.who, action.why) == ("tower/new", "Ann", "another one")
    assert json.loads(action.details)["former"] == "main"


@pytest.mark.usefixtures("recorded")
def test_a_name_by_which_nothing_was_written_there_may_be_another(place: Place) -> None:
    written(place, "4", destination="315/44099")
    rename(place, "new")
    assert "not written down yet" in place.cor("go-live", "tower").err
    assert place.cor(*APPLY).code == 0
