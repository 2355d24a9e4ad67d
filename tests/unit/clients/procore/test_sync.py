from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.clients.procore import PotentialChangeOrder, SyncAnswer
from tests.unit.clients.procore.fake_remote import BASE, FakeProcore
from tests.unit.clients.remote import answer

SYNC = f"{BASE}/potential_change_orders/sync"


def synced(elements: list[dict[str, Any]], body: Any) -> SyncAnswer[PotentialChangeOrder]:
    procore = FakeProcore()
    procore.on("PATCH", SYNC, answer(body))
    return procore.client().potential_change_orders.sync(315, 44021, elements)


FATES = st.sampled_from(["accepted", "refused", "anonymous", "lost"])


@settings(max_examples=150, deadline=None)
@given(st.lists(FATES, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_each_element_is_told_its_own_fate_in_whatever_order(fates: list[str], order: random.Random) -> None:
    sent = [{"origin_id": f"cor:a:b:{n}:main", "title": "same"} for n in range(len(fates))]
    fate = {element["origin_id"]: one for element, one in zip(sent, fates, strict=True)}
    entities = [{"id": n, **one} for n, one in enumerate(sent) if fate[one["origin_id"]] == "accepted"]
    errors: list[dict[str, Any]] = [
        {**one, "errors": {"title": [one["origin_id"]]}} for one in sent if fate[one["origin_id"]] == "refused"
    ]
    errors += [{"errors": {"base": ["no"]}} for one in fates if one == "anonymous"]
    order.shuffle(entities)
    order.shuffle(errors)
    got = synced(sent, {"entities": entities, "errors": errors})

    def those(which: str) -> set[str]:
        return {origin for origin, one in fate.items() if one == which}

    assert got.accepted.keys() == those("accepted")
    assert all(sent[one.id]["origin_id"] == origin for origin, one in got.accepted.items())
    assert {o: r.errors["title"] for o, r in got.refused.items() if o in those("refused")} == {
        o: (o,) for o in those("refused")
    }
    left, nameless = those("anonymous") | those("lost"), len(those("anonymous"))
    if len(left) == nameless == 1:
        assert got.refused.keys() == those("refused") | left
        assert (got.missing, got.anonymous) == (frozenset(), ())
    else:
        assert got.refused.keys() == those("refused")
        assert got.missing == left
        assert len(got.anonymous) == nameless
    assert got.accepted.keys().isdisjoint(got.refused)


def test_an_element_in_both_lists_is_in_doubt() -> None:
    body = {"entities": [{"id": 1, "origin_id": "a"}], "errors": [{"origin_id": "a", "errors": {"x": ["y"]}}]}
    got = synced([{"origin_id": "a"}], body)
    assert (got.accepted, got.refused, got.missing) == ({}, {}, frozenset({"a"}))


def test_two_records_with_one_origin_id_are_in_doubt() -> None:
    body = {"entities": [{"id": 1, "origin_id": "a"}, {"id": 2, "origin_id": "a"}], "errors": []}
    assert synced([{"origin_id": "a"}], body).missing == {"a"}


def test_one_record_told_twice_is_accepted_as_told_last() -> None:
    body = {"entities": [{"id": 1, "origin_id": "a", "title": "x"}, {"id": 1, "origin_id": "a", "title": "y"}]}
    assert synced([{"origin_id": "a"}], body).accepted["a"].title == "y"


def test_what_was_not_sent_counts_for_nothing() -> None:
    body = {"entities": [{"id": 1, "origin_id": "stranger"}, {"id": 2, "origin_id": None}], "errors": []}
    got = synced([{"origin_id": "a"}], body)
    assert (got.accepted, got.missing) == ({}, frozenset({"a"}))


def test_a_lone_nameless_refusal_beside_a_strangers_record_is_not_guessed_at() -> None:
    body = {"entities": [{"id": 1, "origin_id": "stranger"}], "errors": [{"errors": {"base": ["no"]}}]}
    got = synced([{"origin_id": "a"}], body)
    assert (got.refused, len(got.anonymous), got.missing) == ({}, 1, frozenset({"a"}))


def test_elements_that_were_sent_with_an_id_are_known_by_it() -> None:
    elements = [{"id": 7, "origin_id": "new"}, {"id": 8, "origin_id": "other"}]
    body = {
        "entities": [{"id": 7, "origin_id": None}],
        "errors": [{"id": 8, "errors": {"id": ["Entity with this ID not found"]}}],
    }
    got = synced(elements, body)
    assert got.accepted["new"].id == 7
    assert got.refused["other"].sentence == "id Entity with this ID not found"


@pytest.mark.parametrize(
    ("entry", "sentence", "taken"),
    [
        ({"errors": {"origin_id": ["has already been taken"]}}, "origin_id has already been taken", {"origin_id"}),
        (
            {"errors": {"number": ["Has already been taken"], "base": ["no"]}},
            "number Has already been taken; no",
            {"number"},
        ),
        ({"errors": {"status": "is locked"}}, "status is locked", set()),
        ({"errors": "locked"}, "locked", set()),
        ({"errors": ["locked", "really"]}, "locked; really", set()),
        ({"id": ["Entity with this ID not found"]}, "id Entity with this ID not found", set()),
        ("plain text", "plain text", set()),
        ({"errors": {"items": [{"message": "deep"}]}}, "items deep", set()),
    ],
)
def test_every_form_of_a_refusal_is_read(entry: Any, sentence: str, taken: set[str]) -> None:
    got = synced([{"origin_id": "a"}], {"entities": [], "errors": [entry]})
    assert got.refused["a"].sentence == sentence
    assert got.refused["a"].says_taken == taken


@pytest.mark.parametrize(
    "elements",
    [
        [],
        [{"title": "x"}],
        [{"origin_id": ""}],
        [{"origin_id": None}],
        [{"origin_id": 5}],
        [{"origin_id": "a"}, {"origin_id": "a"}],
        [{"origin_id": str(n)} for n in range(1001)],
    ],
)
def test_what_must_never_be_sent_is_refused_before_anything_leaves(elements: list[dict[str, Any]]) -> None:
    procore = FakeProcore()
    with pytest.raises(ValueError, match="sync call"):
        procore.client().potential_change_orders.sync(315, 44021, elements)
    assert procore.requests == []


def test_a_thousand_elements_go_in_one_call() -> None:
    elements = [{"origin_id": str(n)} for n in range(1000)]
    body = {"entities": [{"id": n + 1, "origin_id": str(n)} for n in range(1000)], "errors": []}
    assert len(synced(elements, body).accepted) == 1000
