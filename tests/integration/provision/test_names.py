from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relay.domain.failures import Fatal
from relay.domain.records import NameRecord
from relay.engine.kafka import Connection, Partition, read_to_end
from relay.engine.provision import check_names, record_names
from relay.engine.record_codec import record_codec
from relay.engine.topics import NAMES
from schemas import Codec

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ACME = ("procore:acme", "procore company 4200 at https://api.procore.com")
OWNER = ("constructiononline:acme/owner", "procore:acme project 315 contract 44023")


@pytest.fixture
def codec() -> Codec:
    return record_codec()


def recorded(connection: Connection, codec: Codec, prefix: str) -> list[NameRecord]:
    topic = NAMES.name(prefix)
    every = [Partition(topic, number) for number in range(2)]
    return [codec.decode(one.value, NameRecord) for one in read_to_end(connection, every) if one.value is not None]


def test_names_are_written_down_once(connection: Connection, codec: Codec, provisioned: str) -> None:
    for written in (("account:procore:acme", "target:constructiononline:acme/owner"), ()):
        new = record_names(connection, codec, provisioned, accounts=[ACME], targets=[OWNER], now=NOW)
        assert new == written
    found = recorded(connection, codec, provisioned)
    assert sorted(one.name for one in found) == ["account:procore:acme", "target:constructiononline:acme/owner"]
    assert {one.recorded_at for one in found} == {NOW}
    check_names(connection, codec, provisioned, accounts=[ACME], targets=[OWNER])


def test_a_name_that_means_something_else_now_is_refused(
    connection: Connection, codec: Codec, provisioned: str
) -> None:
    record_names(connection, codec, provisioned, accounts=[ACME], targets=[OWNER], now=NOW)
    moved = (OWNER[0], "procore:acme project 315 contract 44021")
    for attempt in (
        lambda: record_names(connection, codec, provisioned, accounts=[ACME], targets=[moved], now=NOW),
        lambda: check_names(connection, codec, provisioned, accounts=[ACME], targets=[moved]),
    ):
        with pytest.raises(Fatal, match=r"44023 and is now configured as .*44021") as told:
            attempt()
        assert "new name" in str(told.value)
    assert len(recorded(connection, codec, provisioned)) == 2


def test_two_accounts_of_one_company_are_refused_and_nothing_is_written(
    connection: Connection, codec: Codec, provisioned: str
) -> None:
    twin = ("procore:acme-again", ACME[1])
    with pytest.raises(Fatal, match=r"procore:acme and account:procore:acme-again both stand for"):
        record_names(connection, codec, provisioned, accounts=[ACME, twin], targets=[], now=NOW)
    assert recorded(connection, codec, provisioned) == []


def test_renaming_an_account_is_refused(connection: Connection, codec: Codec, provisioned: str) -> None:
    record_names(connection, codec, provisioned, accounts=[ACME], targets=[], now=NOW)
    with pytest.raises(Fatal, match="both stand for"):
        record_names(connection, codec, provisioned, accounts=[("procore:new", ACME[1])], targets=[], now=NOW)


def test_targets_may_share_a_destination(connection: Connection, codec: Codec, provisioned: str) -> None:
    other = ("constructiononline:acme/other", OWNER[1])
    assert len(record_names(connection, codec, provisioned, accounts=[ACME], targets=[OWNER, other], now=NOW)) == 3


def test_one_name_for_two_things_is_refused(connection: Connection, codec: Codec, provisioned: str) -> None:
    with pytest.raises(Fatal, match="use two names"):
        record_names(connection, codec, provisioned, accounts=[], targets=[OWNER, (OWNER[0], "elsewhere")], now=NOW)


def test_a_name_that_nobody_wrote_down_stops_a_worker(connection: Connection, codec: Codec, provisioned: str) -> None:
    with pytest.raises(Fatal, match=r"account:procore:acme.*cor topics apply"):
        check_names(connection, codec, provisioned, accounts=[ACME], targets=[])


def test_a_route_s_name_is_for_ever_where_it_starts(connection: Connection, codec: Codec, provisioned: str) -> None:
    def record(*routes: tuple[str, str]) -> tuple[str, ...]:
        return record_names(connection, codec, provisioned, accounts=[], targets=[], routes=routes, now=NOW)

    assert record(("tower", "constructiononline:acme:7")) == ("route:tower",)
    assert record(("tower", "constructiononline:acme:7"), ("pier", "constructiononline:acme:7")) == ("route:pier",)
    with pytest.raises(Fatal, match=r"route:tower stands for .*:7 and is now configured as .*:8.*people know"):
        record(("tower", "constructiononline:acme:8"))
