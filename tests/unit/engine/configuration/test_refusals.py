from __future__ import annotations

import time
from pathlib import Path

import pytest

from relay.engine.configuration import ConfigurationError, load_configuration
from tests.unit.engine.configuration.conftest import ACCOUNTS, Refusals, Write

PRIME = "system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2"
ORDER = "system: cinx, account: acme, purchase_order: PO-123"
FROM = "{system: constructiononline, account: acme}"


def route(targets: str = "", **keys: str) -> str:
    """A file with one route from line 9 on: ``from`` in line 9, its keys, ``targets`` and they."""
    lines = [f"  - from: {FROM}", *(f"    {key}: {value}" for key, value in keys.items())]
    if targets:
        lines += ["    targets:", *(f"      - {{{line}}}" for line in targets.splitlines())]
    return ACCOUNTS + "routes:\n" + "\n".join(lines) + "\n"


def account(**keys: str) -> str:
    """A file with one Procore account, whose keys are replaced (``None``-like texts stay texts)."""
    stated = {"company_id": "4200", "client_id_file": "secret", "client_secret_file": "secret"} | keys
    lines = [f"      {key}: {value}" for key, value in stated.items()]
    return "accounts:\n  procore:\n    acme:\n" + "\n".join(lines) + "\n"


CASES = [
    # text, line, key, in what was found, in what is allowed
    (account(company_id="acme"), 4, "accounts.procore.acme.company_id", "'acme'", "whole number above 0"),
    *((account(time_zone=zone), 7, "accounts.procore.acme.time_zone", found, "America/Chicago")
      for zone, found in (("Chicago", "'Chicago'"), ("America", "'America'"), ("../UTC", "'../UTC'"), ("", "nothing"))),
    (route(name="Tower B"), 10, "routes[0].name", "'Tower B'", "small letters"),
    (route(name="tower") + route(name="tower").partition("routes:\n")[2], 12, "routes[1].name",
     "'tower' as in line 10", "a name of its own"),
    (route(crosswalk="{code: 371}"), 10, "routes[0].crosswalk", "a mapping", "a list"),
    (route(crosswalk="[{code: 371}]"), 10, "routes[0].crosswalk[0]", "neither cost_code", "at least one"),
    (route(crosswalk="[{kode: 371, cost_code: 1}]"), 10, "routes[0].crosswalk[0].kode", "unknown", "mean code?"),
    (route(crosswalk="[{classification: labour, cost_code: 1}]"), 10, "routes[0].crosswalk[0].classification",
     "'labour'", "mean labor?"),
    (route(crosswalk="[{code: 1, cost_code: 2}, {code: 1, classification: labor, cost_code: 3}]"), 10,
     "routes[0].crosswalk[1]", "never let count", "special entries first"),
    (account(company_id="0"), 4, "accounts.procore.acme.company_id", "'0'", "whole number above 0"),
    (account(company_id=""), 4, "accounts.procore.acme.company_id", "nothing", "whole number"),
    (account(compny_id="1"), 7, "accounts.procore.acme.compny_id", "unknown key", "did you mean company_id?"),
    (account(client_secret="x"), 7, "accounts.procore.acme.client_secret", "unknown", "mean client_secret_file?"),
    (account(api_url="ftp://x"), 7, "accounts.procore.acme.api_url", "'ftp://x'", "https://api.example.com"),
    (account(api_url="https://a:b@c"), 7, "accounts.procore.acme.api_url", "not shown", "without credentials"),
    (account(api_url="https://x:port"), 7, "accounts.procore.acme.api_url", "'https://x:port'", "an address"),
    (account(api_url="https://x/?token=hunter2"), 7, "accounts.procore.acme.api_url", "'https://x/' with a query",
     "without credentials, query or fragment"),
    (account(login_url="x.example#hunter2"), 7, "accounts.procore.acme.login_url", "'x.example' with a", "an address"),
    (account(api_url="http://api.procore.com"), 7, "accounts.procore.acme.api_url", "'http://api.procore.com'",
     "allow_http: true"),
    (account(login_url="http://10.0.0.7"), 7, "accounts.procore.acme.login_url", "'http://10.0.0.7'", "https://"),
    (account(login_url="http://127.0.0.1.example"), 7, "accounts.procore.acme.login_url", "'http", "https://"),
    (account(login_url="http://[2001:db8::7]:80"), 7, "accounts.procore.acme.login_url", "'http", "https://"),
    (account(login_url="'http://localhost\u200b'"), 7, "accounts.procore.acme.login_url", "'http", "an address"),
    (account(allow_http="yes"), 7, "accounts.procore.acme.allow_http", "'yes'", "true or false"),
    (ACCOUNTS.replace("email: relay@acme.example, password_file: secret}", "email: 'a:b', password_file: secret}"), 7,
     "accounts.cinx.acme.email", "'a:b'", "without a colon"),
    (ACCOUNTS.replace("email: relay@acme.example", 'email: "x\\r\\nX: y"', 1), 3,
     "accounts.constructiononline.acme.email", "'x\\r\\nX: y", "control"),
    (account(poll_interval="9" * 400 + "s"), 7, "accounts.procore.acme.poll_interval", "'9999", "with its unit"),
    (account(poll_interval="3651d"), 7, "accounts.procore.acme.poll_interval", "'3651d'", "at most 3650d"),
    (ACCOUNTS.replace("secret}\n", "secret, requests_per_second: " + "9" * 400 + "}\n"), 7,
     "accounts.cinx.acme.requests_per_second", "'9999", "at most nine digits"),
    (account(poll_interval="60"), 7, "accounts.procore.acme.poll_interval", "'60'", "with its unit"),
    (account(poll_interval="999ms"), 7, "accounts.procore.acme.poll_interval", "'999ms'", "1s or longer"),
    (account(sweep_interval="9s"), 7, "accounts.procore.acme.sweep_interval", "'9s'", "10s or longer"),
    (account(unrouted="drop"), 7, "accounts.procore.acme.unrouted", "'drop'", "letter or skip"),
    (account(client_id_file="/no/such"), 5, "accounts.procore.acme.client_id_file", "/no/such", "No such file"),
    (account(client_id_file="hunter2"), 5, "accounts.procore.acme.client_id_file", "not shown", "can be read"),
    (account(client_id_file="[a]"), 5, "accounts.procore.acme.client_id_file", "not shown", "name of a file"),
    ("accounts:\n  procore:\n    Acme_1: {}\n", 3, "accounts.procore.Acme_1", "'Acme_1'", "small letters"),
    ("accounts:\n  procore:\n    'a:b': {}\n", 3, "accounts.procore.a:b", "'a:b'", "small letters"),
    ("accounts:\n  procore:\n    acme: x\n", 3, "accounts.procore.acme", "'x'", "a mapping"),
    ("accounts:\n  procor: {}\n", 2, "accounts.procor", "unknown key", "did you mean procore?"),
    ("accounts: {}\n", 1, "accounts", "no account", "at least one account"),
    ("accounts: [1]\n", 1, "accounts", "a list", "a mapping with constructiononline, procore or cinx"),
    ("routes: []\n", 1, "accounts", "nothing", "a mapping"),
    ("", 1, "", "nothing", "accounts, routes, redrive or second_person"),
    (ACCOUNTS + "route: []\n", 8, "route", "unknown key", "did you mean routes?"),
    (ACCOUNTS + "routes: {}\n", 8, "routes", "a mapping", "a list of routes"),
    (ACCOUNTS + "routes:\n  - x\n", 9, "routes[0]", "'x'", "a mapping with from and targets"),
    (ACCOUNTS + "routes:\n  - mode: live\n", 9, "routes[0].from", "nothing", "required"),
    (route(mode="lve"), 10, "routes[0].mode", "'lve'", "observe, dry_run or live (did you mean live?)"),
    (route(mode="live"), 9, "routes[0].targets", "no target", "at least one target with mode: live"),
    (route(since="01/02/2026"), 10, "routes[0].since", "'01/02/2026'", "YYYY-MM-DD"),
    (route(since="2026-02-30"), 10, "routes[0].since", "'2026-02-30'", "YYYY-MM-DD"),
    (route(history="yes"), 10, "routes[0].history", "'yes'", "true or false"),
    (route(statuses="{aproved: approved}"), 10, "routes[0].statuses.aproved", "'aproved'", "mean approved?"),
    (route(statuses="{approved: done}"), 10, "routes[0].statuses.approved", "'done'", "no_charge"),
    (route(remainder="ignore"), 10, "routes[0].remainder", "'ignore'", "letter or line"),
    (route(own_records="yes"), 10, "routes[0].own_records", "'yes'", "skip or map"),
    (route(existing="overwrite"), 10, "routes[0].existing", "'overwrite'", "letter, adopt or create"),
    (route(person_edits="letter"), 10, "routes[0].person_edits", "unknown key", "did you mean person_edit?"),
    (route(ORDER, person_edit="letter"), 10, "routes[0].person_edit", "procore targets only", "a procore target"),
    (route(PRIME, cinx_later="further"), 10, "routes[0].cinx_later", "cinx targets only", "a cinx target"),
    (route("system: cnix"), 11, "routes[0].targets[0].system", "'cnix'", "did you mean cinx?"),
    (route("account: acme"), 11, "routes[0].targets[0].system", "nothing", "procore or cinx"),
    (route(PRIME.replace("tiers: 2", "tiers: 4")), 11, "routes[0].targets[0].tiers", "'4'", "1, 2 or 3"),
    (route(PRIME.replace("prime", "sub")), 11, "routes[0].targets[0].contract", "'sub'", "work_order"),
    (route(PRIME.replace(", tiers: 2", "")), 11, "routes[0].targets[0].tiers", "nothing", "required"),
    (route(f"{PRIME}, name: 'a:b'"), 11, "routes[0].targets[0].name", "'a:b'", "small letters"),
    (route(f"{PRIME}, purchase_order: x"), 11, "routes[0].targets[0].purchase_order", "unknown key", "project_id"),
    (route(f"{PRIME}, cinx_later: letter"), 11, "routes[0].targets[0].cinx_later", "unknown key", "existing"),
    (route(f"{PRIME}, package: mine"), 11, "routes[0].targets[0].package", "'mine'", "{existing: ID}"),
    (route(f"{ORDER}, on_delete: void"), 11, "routes[0].targets[0].on_delete", "'void'", "letter"),
    (route(f"{ORDER}, fields: [a]"), 11, "routes[0].targets[0].fields", "a list", "a mapping"),
    (route(f"{ORDER}, match: {{classifications: [wood]}}"), 11, "routes[0].targets[0].match.classifications[0]",
     "'wood'", "material"),
    (route(f"{ORDER}, match: {{classifications: []}}"), 11, "routes[0].targets[0].match.classifications",
     "a list", "at least 1"),
    (route(ORDER.replace("PO-123", '"\\u200b "')), 11, "routes[0].targets[0].purchase_order",
     "'\\u200b '", "not empty"),
    (route(f"{ORDER}, match: {{nme: x}}"), 11, "routes[0].targets[0].match.nme", "unknown key", "mean name?"),
    (route(f"{ORDER}, match: {{name: '/(/'}}"), 11, "routes[0].targets[0].match.name[0]", "'/(/'", "regular"),
    (route(f"{ORDER}, match: {{name: ['/^a/', '/(?!b)c/']}}"), 11, "routes[0].targets[0].match.name[1]", "'/(?!b)c/'",
     "RE2, which looks neither ahead nor back (invalid perl operator: (?!)"),
    (route(f"{ORDER}, match: {{cost_codes: '/(a{{1,999}}){{999}}/'}}"), 11, "routes[0].targets[0].match.cost_codes[0]",
     "'/(a{1,", "invalid repetition size"),
    (route(PRIME.replace("acme", "acm")), 11, "routes[0].targets[0].account", "procore account 'acm'", "mean acme?"),
    (route(f"{PRIME}, takes_remainder: true"), 11, "routes[0].targets[0].takes_remainder", "true", "remainder: line"),
    (route(f"{PRIME}\n{ORDER}"), 12, "routes[0].targets[1].name", "'main' as in line 11", "a name of its own"),
    (account() + "second_person: [adopt, redrive]\n", 7, "second_person[1]", "'redrive'", "adopt or resubmit"),
    (account() + "second_person: adopt\n", 7, "second_person", "'adopt'", "a list of adopt or resubmit"),
    (account() + "second_person:\n", 7, "second_person", "nothing", "a list of adopt or resubmit"),
    (route(f"{PRIME}, takes_remainder: true\n{ORDER}, name: b, takes_remainder: true", remainder="line"), 13,
     "routes[0].targets[1].takes_remainder", "as at routes[0].targets[0]", "one target of a route"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "found", "allowed"), CASES, ids=range(len(CASES)))
def test_a_wrong_value_is_named_with_line_key_what_was_found_and_what_is_allowed(
    refusals: Refusals, text: str, line: int, key: str, found: str, allowed: str
) -> None:
    problems = [problem for problem in refusals(text) if problem.key == key]
    assert [(problem.line, problem.key) for problem in problems] == [(line, key)]
    assert found in problems[0].found
    assert allowed in problems[0].allowed


def test_all_problems_of_a_file_are_listed_in_order(refusals: Refusals) -> None:
    text = account(company_id="x", poll_interval="1") + f"routes:\n  - {{from: {FROM}, mode: lve}}\n"
    keys = [problem.key for problem in refusals(text)]
    assert keys == [
        "accounts.procore.acme.company_id",
        "accounts.procore.acme.poll_interval",
        "routes[0].mode",
    ]


def test_what_disagrees_is_listed_beside_what_is_misspelt(refusals: Refusals) -> None:
    text = route(f"{PRIME}\n{ORDER}\nsystem: cinx, account: nobody, purchase_order: x, name: c", mode="live")
    problems = refusals(text.replace("company_id: 4200", "company_id: x"))
    assert [problem.key for problem in problems] == [
        "accounts.procore.acme.company_id",
        "routes[0].targets[1].name",
        "routes[0].targets[2].account",
    ]


def test_a_route_to_an_account_that_is_itself_wrong_is_not_blamed_too(refusals: Refusals) -> None:
    problems = refusals(route(PRIME).replace("company_id: 4200", "company_id: x"))
    assert [problem.key for problem in problems] == ["accounts.procore.acme.company_id"]


@pytest.mark.parametrize(
    ("system", "keys"),
    [
        ("procore", "{company_id: 4200, client_id_file: secret, client_secret_file: secret}"),
        ("constructiononline", "{email: RELAY@acme.example, password_file: secret, api_key_file: secret}"),
        ("cinx", "{email: relay@acme.example, password_file: secret, base_url: https://api.cinx.com/}"),
    ],
)
def test_two_accounts_of_one_remote_company_are_refused(refusals: Refusals, system: str, keys: str) -> None:
    text = ACCOUNTS.replace(f"  {system}:\n", f"  {system}:\n    twin: {keys}\n")
    (problem,) = refusals(text)
    assert problem.key == f"accounts.{system}.acme"
    assert f"accounts.{system}.twin" in problem.found


def test_a_key_that_stands_twice_is_refused_with_both_lines(refusals: Refusals) -> None:
    (problem,) = refusals(account() + "      company_id: 4201\n")
    assert (problem.line, problem.key) == (7, "accounts.procore.acme.company_id")
    assert "first in line 4" in problem.found


def test_two_routes_of_one_source_may_not_share_a_target_name(refusals: Refusals) -> None:
    second = f"  - from: {FROM[:-1]}, project: 7}}\n    targets:\n      - {{{ORDER}}}\n"
    (problem,) = refusals(route(PRIME) + second)
    assert problem.key == "routes[1].targets[0].name"


def test_two_projects_may_share_a_target_name(write: Write) -> None:
    first = route(PRIME).replace(FROM, f"{FROM[:-1]}, project: 6}}")
    second = f"  - from: {FROM[:-1]}, project: 7}}\n    targets:\n      - {{{ORDER}}}\n"
    assert len(load_configuration(write(first + second)).routing.routes) == 2


@pytest.mark.parametrize(
    ("destination", "name"),
    [(ORDER, "order"), (ORDER.replace("PO-123", "PO-9"), "steel")],
    ids=["the same purchase order", "the same name"],
)
def test_a_target_fed_from_our_own_records_may_not_also_be_fed_directly(
    refusals: Refusals, destination: str, name: str
) -> None:
    onward = (
        "  - from: {system: procore, account: acme, project: 315}\n"
        f"    own_records: map\n    targets:\n      - {{{destination}, name: {name}}}\n"
    )
    problems = refusals(route(f"{PRIME}, name: owner\n{ORDER}, name: steel") + onward)
    assert [problem.key for problem in problems] == ["routes[1].targets[0]"]
    assert "line 12" in problems[0].found


def test_records_of_ours_may_go_on_to_a_target_of_their_own(write: Write) -> None:
    onward = (
        "  - from: {system: procore, account: acme, project: 315}\n"
        f"    own_records: map\n    targets:\n      - {{{ORDER}, name: order}}\n"
    )
    assert len(load_configuration(write(route(f"{PRIME}, name: owner") + onward)).routing.routes) == 2


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("accounts: [1\nroutes: x\n", 2, "parsing a flow sequence"),
        ("accounts:\n\t- x\n", 2, "cannot start any token"),
        ("accounts: 1\n---\nroutes: 2\n", 2, "another document"),
        ("accounts: *nowhere\n", 1, "undefined alias"),
    ],
)
def test_what_is_no_yaml_is_refused_at_its_line(refusals: Refusals, text: str, line: int, found: str) -> None:
    (problem,) = refusals(text)
    assert problem.line == line
    assert found in problem.found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("accounts: !!python/object:os.system x\n", "the tag"),
        ("accounts: !secret x\n", "the tag !secret"),
        ("accounts: &a\n  procore: *a\n", "an alias of what it stands in"),
        ("accounts:\n  ? [a, b]\n  : 1\n", "a key that is a list"),
        ('redrive: {"reason": "Beam \\ud83d"}\n', "half a character"),
    ],
)
def test_yaml_that_is_no_plain_data_is_refused(refusals: Refusals, text: str, found: str) -> None:
    assert any(found in problem.found for problem in refusals(text))


@pytest.mark.parametrize("text", [account(api_url="https://x/?token=hunter2"), account(login_url="x.example#hunter2")])
def test_a_token_in_an_address_is_in_no_message(write: Write, text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(write(text))
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml.*No such file"):
        load_configuration(tmp_path / "nowhere.yaml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "relay.yaml"
    file.write_bytes(b"accounts: \xff\n")
    with pytest.raises(ConfigurationError, match="no UTF-8"):
        load_configuration(file)


def test_an_empty_secret_file_is_refused(refusals: Refusals, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (problem,) = refusals(account(client_id_file="./empty"))
    assert "this one is empty" in problem.allowed


def test_a_secret_written_in_place_of_a_file_name_is_in_no_message(write: Write) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(write(account(client_secret_file="hunter2", client_secret="hunter3")))
    assert "hunter" not in str(refused.value)


def test_the_message_names_file_and_line_first(write: Write) -> None:
    file = write(account(company_id="x"))
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(file)
    assert str(refused.value).startswith(f"{file}:4: accounts.procore.acme.company_id: found 'x'; allowed: ")
    assert (refused.value.file, refused.value.line) == (str(file), 4)


def _aliases(levels: int) -> str:
    """Lists of nine, each of the one before it."""
    lines = ["l0: &l0 [" + "x," * 9 + "]"]
    lines += [f"l{level}: &l{level} [{f'*l{level - 1},' * 9}]" for level in range(1, levels)]
    return "\n".join(lines)


BOMBS = [
    ("x: " + "[" * 3000 + "]" * 3000, "more than 50 levels"),
    ("x: " + "{a: " * 3000 + "}" * 3000, "more than 50 levels"),
    ("[" * 100_000, "more than 50 levels"),
    ("- " * 3000 + "x", "more than 50 levels"),
    ("".join(f"{' ' * level}a:\n" for level in range(300)), "more than 50 levels"),
    ("l0: &l0 [x]\n" + "".join(f"l{n}: &l{n} [*l{n - 1}]\n" for n in range(1, 60)), "more than 50 levels"),
    (_aliases(10), "more than 100000 values"),
    (ACCOUNTS + f"routes:\n  - cost_codes: {{a: &a [{'x,' * 400}], b: [{'*a,' * 400}]}}\n", "more than 100000 values"),
    ("#" * 2_000_000, "more than 1048576 bytes"),
    ("".join(f"key{n}: 1\n" for n in range(2000)), "100 problems"),
]


@pytest.mark.parametrize(("text", "found"), BOMBS, ids=range(len(BOMBS)))
def test_a_file_of_more_than_anybody_writes_is_refused_at_once(refusals: Refusals, text: str, found: str) -> None:
    before = time.thread_time()
    problems = refusals(text)
    assert found in problems[-1].found
    assert "at most" in problems[-1].allowed or len(problems) == 101
    assert time.thread_time() - before < 20  # It takes less than two, and what was not bounded never ended.


def test_what_is_large_but_sane_is_read(write: Write) -> None:
    codes = ", ".join(f'"{number}": "03-{number}"' for number in range(2000))
    assert load_configuration(write(route(PRIME, cost_codes=f"{{{codes}}}"))).routing.routes
