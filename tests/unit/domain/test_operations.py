"""Operations are a route's, a person's, or a look."""

from __future__ import annotations

import pytest

from relay.domain.commands import CinxPayload, Operation
from tests.commands import cinx_command

PAYLOAD = CinxPayload(description="Stairs")


def test_each_operation_is_asked_for_by_one() -> None:
    assert [one.value for one in Operation if one.is_mapped] == ["apply", "withdraw"]
    assert [one.value for one in Operation if one.is_decision] == ["adopt", "resubmit"]


@pytest.mark.parametrize("operation", Operation)
def test_about_a_record_is_what_no_route_asks_for_and_has_no_payload(operation: Operation) -> None:
    command = cinx_command("17", None, "PO-123", operation=operation)
    assert command.is_about_a_record is (operation in {Operation.VERIFY, Operation.ADOPT, Operation.RESUBMIT})
    assert not cinx_command("17", PAYLOAD, "PO-123", operation=operation).is_about_a_record
