from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.engine.kafka.assignment import Assignment, Change, Listener
from relay.engine.kafka.client import raw
from relay.engine.kafka.records import Partition

ONE, TWO, THREE = (Partition("topic", number) for number in range(3))
owned = st.frozensets(st.sampled_from([ONE, TWO, THREE]))


def test_the_listener_tells_whole_assignments_in_order_and_only_once() -> None:
    paused: list[object] = []
    listener = Listener(lambda *partitions: paused.extend(partitions))
    listener.on_partitions_revoked([])
    listener.on_partitions_assigned([raw(ONE), raw(TWO)])
    listener.on_partitions_revoked([raw(ONE), raw(TWO)])
    listener.on_partitions_lost([raw(ONE), raw(TWO)])
    listener.on_partitions_assigned([raw(TWO)])
    assert listener.told() == [frozenset({ONE, TWO}), frozenset(), frozenset({TWO})]
    assert listener.told() == []
    assert paused == [raw(ONE), raw(TWO), raw(TWO)], "nothing is read before it is placed"


def test_what_stays_is_neither_gained_nor_lost() -> None:
    assignment = Assignment()
    assert assignment.follow([frozenset({ONE, TWO})]) == Change(gained=frozenset({ONE, TWO}))
    assert assignment.follow([frozenset({TWO, THREE})]) == Change(gained=frozenset({THREE}), lost=frozenset({ONE}))


def test_what_was_lost_and_came_back_is_both() -> None:
    assignment = Assignment()
    assignment.follow([frozenset({ONE, TWO})])
    change = assignment.follow([frozenset(), frozenset({ONE})])
    assert change == Change(gained=frozenset({ONE}), lost=frozenset({ONE, TWO}))


def test_what_came_and_went_unseen_was_never_there() -> None:
    assert Assignment().follow([frozenset({ONE}), frozenset()]) == Change()


@given(owned, st.lists(st.lists(owned, max_size=3), max_size=4))
def test_news_told_late_lead_to_the_same_as_news_told_at_once(
    begin: frozenset[Partition], polls: list[list[frozenset[Partition]]]
) -> None:
    assignment, at_once = Assignment(), Assignment()
    assignment.follow([begin])
    at_once.follow([begin])
    late = Change()
    for told in polls:
        late = late.then(assignment.follow(told))
    together = at_once.follow([one for told in polls for one in told])
    assert late == together
    assert (begin - late.lost) | late.gained == assignment.owned
