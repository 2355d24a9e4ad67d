"""Nothing goes live by a file that not every running mapper follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from operations.golive.mappers import why_refused
from relay.domain.control import Control, Member
from relay.engine.control.topic_state import Standing

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def member(instance: str, routes: str = "ours", *, stage: str = "mapper", age: float = 1.0) -> Control:
    return Control(
        member=Member(
            stage=stage,
            instance=instance,
            release="1",
            reads={},
            routes=routes,
            control_offset=1,
            owns=(),
            at=AT - timedelta(seconds=age),
            calls={},
        )
    )


@pytest.mark.parametrize(
    ("members", "joined", "said"),
    [
        ([], 0, "start it first"),
        ([member("one", age=1e6)], 0, "start it first"),
        ([member("writer", stage="procore-writer")], 0, "start it first"),
        ([member("one", "theirs")], 1, "one (theirs)"),
        ([member("one"), member("two", "theirs")], 2, "two (theirs)"),
        ([member("one")], 2, "1 of the members of mapper state nothing"),
        ([member("one"), member("two"), member("writer", "theirs", stage="procore-writer")], 2, None),
    ],
)
def test_every_mapper_follows_the_same_routes(members: list[Control], joined: int, said: str | None) -> None:
    standing = Standing(values={control.key: control for control in members})
    why = why_refused(standing, "ours", joined, AT)
    assert (why is None) if said is None else (why is not None and said in why)
