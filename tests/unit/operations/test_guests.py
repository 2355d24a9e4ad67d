from __future__ import annotations

from operations.guests import guest_of
from relay.clients.rate import ConstructionOnlineRate, Governor
from relay.domain.commands import Lane
from relay.engine.configuration import CinxAccount, ConstructionOnlineAccount, ProcoreAccount
from tests.unit.clients.rate.simulation import HOUR

SECRET = {"prove_secrets": False}


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


def test_commands_have_a_tenth_of_a_company_s_hour_whether_or_not_its_limit_is_told() -> None:
    members = {"company_id": "4200", "client_id_file": "a", "client_secret_file": "b"}
    account = ProcoreAccount.model_validate(members, context=SECRET)
    assert taken(guest_of(account).governor, HOUR - 1) == 60


def test_commands_live_in_what_the_poller_reserves_for_others() -> None:
    members = {"email": "a@b.example", "password_file": "a", "api_key_file": "b"}
    account = ConstructionOnlineAccount.model_validate(members, context=SECRET)
    guests, poller = taken(guest_of(account).governor, HOUR - 1), taken(ConstructionOnlineRate(), HOUR - 1)
    assert (guests, poller) == (50, 400)


def test_commands_go_at_one_request_a_second_in_cinx() -> None:
    account = CinxAccount.model_validate({"email": "a@b.example", "password_file": "a"}, context=SECRET)
    assert taken(guest_of(account).governor, 100) in {100, 101}
