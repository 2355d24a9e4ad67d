"""Projects that are not listed for a while have what changed meanwhile seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producers.procore.poll import READ_AT_ONCE
from tests.contract.producers.procore.procore_poller import (
    OTHER,
    PROJECT,
    TwoProjects,
    pco,
)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_project_that_was_not_wanted_for_a_while_has_what_changed_meanwhile_seen(
    two: TwoProjects, *, restarts: bool
) -> None:
    two.want(PROJECT)
    two.pass_by()
    two.edit(two.other, "Edited meanwhile")
    two.pass_by()
    if restarts:
        two.poller.restart()
    two.want(PROJECT, OTHER)
    assert two.titles() == ["Edited meanwhile"]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_project_that_was_refused_for_a_while_has_what_changed_meanwhile_seen(
    two: TwoProjects, *, restarts: bool
) -> None:
    two.refuse("/potential_change_orders$", query=f"project_id={OTHER}")
    two.pass_by()
    two.edit(two.other, "Edited meanwhile")
    two.pass_by()
    if restarts:
        two.poller.restart()
    two.company.disarm()
    assert two.titles() == ["Edited meanwhile"]


def test_a_record_that_is_refused_is_read_by_the_process_after(two: TwoProjects) -> None:
    two.edit(two.other, "Edited meanwhile")
    two.refuse(f"/potential_change_orders/{two.other}$")
    assert two.titles() == []
    two.pass_by()
    two.poller.restart()
    two.company.disarm()
    assert two.titles() == ["Edited meanwhile"]


def test_what_a_project_that_is_wanted_again_has_still_to_be_read_is_read_by_the_process_after(
    two: TwoProjects,
) -> None:
    two.want(PROJECT)
    made = {str(pco(two.company, f"T{number}", two.contract)) for number in range(READ_AT_ONCE + 5)}
    two.pass_by()
    two.want(PROJECT, OTHER)
    events = two.poller.poll()
    assert len(events) == READ_AT_ONCE
    two.poller.restart()
    events += two.poller.poll()
    assert {event.change_order_id for event in events} == made


def test_a_project_is_listed_whole_no_more_often_than_it_has_to_be(two: TwoProjects) -> None:
    two.listed_whole()
    two.poller.poll()
    two.poller.restart()
    two.poller.poll()
    assert two.listed_whole() == []
    two.want(PROJECT)
    two.poller.poll()
    two.want(PROJECT, OTHER)
    two.poller.poll()
    assert two.listed_whole() == [str(OTHER)]
    two.poller.poll()
    two.poller.restart()
    two.poller.poll()
    assert two.listed_whole() == []


def test_poll_state_of_an_earlier_release_has_each_project_listed_whole_once(two: TwoProjects) -> None:
    two.listed_whole()
    two.poller.state.account_state = replace(two.poller.state.account_state, followed=())
    two.poller.restart()
    two.poller.poll()
    assert sorted(two.listed_whole()) == [str(PROJECT), str(OTHER)]
    two.poller.poll()
    assert two.listed_whole() == []
