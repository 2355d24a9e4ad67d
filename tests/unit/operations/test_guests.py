from __future__ import annotations

import pytest

from operations.environment import Environment
from operations.guests import guest_of
from operations.survey.calls import Calls
from relay.clients.rate import ConstructionOnlineRate, Governor
from relay.domain.commands import Lane
from relay.domain.failures import Throttled
from relay.engine.configuration import CinxAccount, ConstructionOnlineAccount, ProcoreAccount
from relay.engine.configuration.accounts import Account
from tests.unit.clients.rate.simulation import HOUR

SECRET = {"prove_secrets": False}


def governor_of(key: str, account: Account) -> Governor:
    """That of a command which knows no Kafka, and so nothing of stages."""
    settings = Environment.read_before_kafka()[0].settings
    return guest_of(key, account, settings, Calls(100, lambda number, most, sent: None)).governor


def taken(governor: Governor, until: float) -> int:
    """How much a guest gets that asks all the time."""
    now, count = 0.0, 0
    while now < until:
        wait = governor.acquire(now)
        if wait > 0:
            now += wait + 1e-6
            continue
        governor.answered(governor.begin(now, Lane.LIVE), {}, now)
        count += 1
    return count


@pytest.fixture(autouse=True)
def no_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COR_KAFKA_BOOTSTRAP_SERVERS", raising=False)


def test_commands_have_a_tenth_of_a_company_s_hour_whether_or_not_its_limit_is_told() -> None:
    members = {"company_id": "4200", "client_id_file": "a", "client_secret_file": "b"}
    account = ProcoreAccount.model_validate(members, context=SECRET)
    assert taken(governor_of("procore:acme", account), HOUR - 1) == 60


def test_commands_live_in_what_the_poller_reserves_for_others() -> None:
    members = {"email": "a@b.example", "password_file": "a", "api_key_file": "b"}
    account = ConstructionOnlineAccount.model_validate(members, context=SECRET)
    guests, poller = (
        taken(governor_of("constructiononline:acme", account), HOUR - 1),
        taken(ConstructionOnlineRate(), HOUR - 1),
    )
    assert (guests, poller) == (50, 400)


def test_what_is_waited_for_is_told_and_what_lasts_too_long_is_refused_untold() -> None:
    account = CinxAccount.model_validate({"email": "a@b.example", "password_file": "a"}, context=SECRET)
    settings, told = Environment.read_before_kafka()[0].settings, list[tuple[str, float]]()
    calls = Calls(100, lambda number, most, sent: None, waiting=lambda key, seconds: told.append((key, seconds)))
    pause = guest_of("cinx:acme", account, settings, calls).terms.pause
    assert pause is not None
    pause(0.01)
    assert told == [("cinx:acme", 0.01)]
    with pytest.raises(Throttled, match="try again in 2 min"):
        pause(120)
    assert len(told) == 1


def test_commands_go_at_one_request_a_second_in_cinx() -> None:
    account = CinxAccount.model_validate({"email": "a@b.example", "password_file": "a"}, context=SECRET)
    assert taken(governor_of("cinx:acme", account), 100) in {100, 101}
