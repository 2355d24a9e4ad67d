from __future__ import annotations

import pytest

from relay.domain.commands import ProcoreRules
from relay.domain.routes import Amount, CinxTarget, NoItems, ProcoreTarget
from relay.engine.configuration import load_configuration
from relay.engine.configuration.values import read_duration
from tests.unit.engine.configuration.conftest import ACCOUNTS, Write

PRIME = "system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("60s", 60.0), ("1.5m", 90.0), ("24h", 86400.0), ("7d", 604800.0)],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert read_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["60", "", "-1s", "1 s", "1w", "1e3s", None, True])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="with its unit"):
        read_duration(text)


def _targets(write: Write, *targets: str, **keys: str) -> tuple[ProcoreTarget | CinxTarget, ...]:
    lines = [f"    {key}: {value}\n" for key, value in keys.items()]
    text = "".join(f"      - {{{target}}}\n" for target in targets)
    source = "  - from: {system: constructiononline, account: acme}\n"
    file = write(f"{ACCOUNTS}routes:\n{source}{''.join(lines)}    targets:\n{text}")
    return load_configuration(file).routing.routes[0].targets


def test_a_number_that_is_a_text_keeps_its_zeros(write: Write) -> None:
    (target,) = _targets(write, "system: cinx, account: acme, purchase_order: 00123")
    assert isinstance(target, CinxTarget)
    assert target.destination.purchase_order == "00123"


@pytest.mark.parametrize("text", ["{existing: 77}", "'existing: 77'", "existing:77"])
def test_an_existing_package_is_named_by_its_id(write: Write, text: str) -> None:
    (target,) = _targets(write, f"{PRIME}, package: {text}")
    assert target.rules == ProcoreRules(package="existing:77")


def test_the_first_target_takes_the_remainder_unless_another_says_so(write: Write) -> None:
    targets = _targets(write, f"{PRIME}, name: a", f"{PRIME}, name: b", remainder="line")
    assert [target.takes_remainder for target in targets] == [True, False]
    targets = _targets(write, f"{PRIME}, name: a", f"{PRIME}, name: b, takes_remainder: true", remainder="line")
    assert [target.takes_remainder for target in targets] == [False, True]


def test_nobody_takes_a_remainder_that_becomes_a_letter(write: Write) -> None:
    assert [target.takes_remainder for target in _targets(write, f"{PRIME}, name: a", f"{PRIME}, name: b")] == [
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("route", "target", "amount"),
    [
        ({}, PRIME, Amount.CLIENT_PRICE),
        ({}, PRIME.replace("prime", "work_order"), Amount.COST),
        ({"amount": "cost"}, PRIME, Amount.COST),
        ({"amount": "cost"}, f"{PRIME}, amount: client_price", Amount.CLIENT_PRICE),
        ({}, "system: cinx, account: acme, purchase_order: x", Amount.COST),
    ],
)
def test_the_amount_is_the_targets_else_the_routes_else_that_of_the_contract(
    write: Write, route: dict[str, str], target: str, amount: Amount
) -> None:
    assert [one.amount for one in _targets(write, target, **route)] == [amount]


@pytest.mark.parametrize(
    ("route", "more", "expected"),
    [
        ({}, "", NoItems.WITHDRAW),
        ({"cinx_no_items": "letter"}, "", NoItems.LETTER),
        ({"cinx_no_items": "letter"}, ", cinx_no_items: withdraw", NoItems.WITHDRAW),
    ],
)
def test_what_becomes_of_nothing_to_order_is_the_targets_word_else_the_routes(
    write: Write, route: dict[str, str], more: str, expected: NoItems
) -> None:
    (target,) = _targets(write, f"system: cinx, account: acme, purchase_order: x{more}", **route)
    assert isinstance(target, CinxTarget)
    assert target.no_items is expected


def test_a_match_takes_one_value_or_a_list(write: Write) -> None:
    (one,) = _targets(write, f"{PRIME}, match: {{cost_codes: 03-300}}")
    (same,) = _targets(write, f"{PRIME}, match: {{cost_codes: [03-300]}}")
    assert one.match == same.match
    assert one.match.cost_codes == ("03-300",)


def test_aliases_may_repeat_a_value(write: Write) -> None:
    text = ACCOUNTS.replace("email: relay@acme.example", "email: &mail relay@acme.example", 1)
    text = text.replace("acme: {email: relay@acme.example, password_file", "acme: {email: *mail , password_file", 1)
    assert load_configuration(write(text)).cinx["acme"].email == "relay@acme.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://127.9.9.9/api",
        "http://[::1]:8080",
        "http://LOCALHOST",
        "https://[2001:db8::7]/x",
    ],
)
def test_an_address_may_be_http_on_this_machine_and_https_anywhere(write: Write, url: str) -> None:
    keys = f"procore:\n    acme: {{api_url: '{url}', login_url: '{url}', "
    configuration = load_configuration(write(ACCOUNTS.replace("procore:\n    acme: {", keys)))
    assert configuration.procore["acme"].login_url == url


@pytest.mark.parametrize("system", ["constructiononline", "procore", "cinx"])
def test_an_account_that_says_so_may_be_asked_by_http(write: Write, system: str) -> None:
    key = "api_url" if system == "procore" else "base_url"
    stated = f"{system}:\n    acme: {{{key}: 'http://tunnel.example', allow_http: true, "
    configuration = load_configuration(write(ACCOUNTS.replace(f"{system}:\n    acme: {{", stated)))
    assert getattr(configuration.accounts()[f"{system}:acme"], key) == "http://tunnel.example"
