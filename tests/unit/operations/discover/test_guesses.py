"""Which projects are probably one, and what is written of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from operations.discover.discover import Discovery
from operations.discover.fits import fits
from operations.discover.guessed_routes import Guesses, guess_routes
from operations.discover.lists import CONTRACTS, PROJECTS, PURCHASE_ORDERS, TIERS, Row
from operations.discover.memory import FoundList
from relay.domain.commands import ContractKind

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Read = tuple[str, str, str | None, str | None, list[Row]]
"""Account, kind, project, part and rows of a list."""


@pytest.mark.parametrize(
    ("name", "number", "candidate", "why"),
    [
        ("Pier 9", None, {"number": "2026-009", "name": "PIER  9 "}, "name"),
        ("2026-009 Pier 9", None, {"number": "2026-009", "name": "Pier 9"}, "name"),
        ("Job 2026-009", None, {"number": "2026-009", "name": "Other"}, "number 2026-009 in the name"),
        ("Other", "2026-009", {"number": "2026-009", "name": "Pier 9"}, "number"),
        ("Pier 9", None, {"number": "9", "name": "Other"}, None),
        ("Pier 90", None, {"number": "2026-009", "name": "Pier 9"}, None),
        ("Job 12026-009", None, {"number": "2026-009", "name": "Other"}, None),
        ("", None, {"number": None, "name": ""}, None),
        ("Küche", None, {"number": None, "name": "ku\u0308che"}, "name"),
    ],
)  # fmt: skip
def test_projects_fit_by_number_or_by_name(name: str, number: str | None, candidate: Row, why: str | None) -> None:
    found = fits({"name": name, "number": number}, [("procore:acme", candidate)])
    assert [fit.why.split()[0] for fit in found] == ([] if why is None else [why.split()[0]])


def discovery(*lists: Read) -> Discovery:
    found = Discovery()
    for account, kind, project, part, rows in lists:
        name = " ".join(word for word in (account, kind, project, part) if word)
        found.lists[name] = FoundList(account=account, kind=kind, project=project, read_at=NOW, rows=rows)
    return found


SOURCE: Read = ("constructiononline:acme", PROJECTS, None, None, [{"id": "901", "number": None, "name": "Pier 9"}])
COMPANY: Read = ("procore:acme", PROJECTS, None, None, [{"id": "315", "number": "2026-009", "name": "Pier 9"}])
KINDS: list[Read] = [
    ("procore:acme", CONTRACTS, "315", kind.value, [{"id": str(at), "kind": kind.value, "number": f"C{at}"}])
    for at, kind in enumerate(ContractKind, 1)
]
ROWS: Read = ("procore:acme", TIERS, "315", None, [{"contract": str(at), "tiers": "2"} for at in (1, 2, 3)])


def guessed(found: Discovery, **known: object) -> Guesses:
    options = {"routed": (), "every": (), "names": (), **known}
    return guess_routes(found, **options)  # type: ignore[arg-type]


def text_of(guesses: Guesses) -> str:
    return "\n".join(line for route in guesses.routes for line in route.lines)


def test_only_the_one_prime_contract_of_the_one_fit_becomes_a_target() -> None:
    text = text_of(guessed(discovery(SOURCE, COMPANY, *KINDS, ROWS)))
    targets = [line.strip() for line in text.splitlines() if "system: procore" in line]
    assert sum(target.startswith("- ") for target in targets) == 1
    (owner,) = [target for target in targets if target.startswith("- ")]
    assert "contract: prime, tiers: 2}" in owner
    assert sum(target.startswith("# - ") for target in targets) == 2


@pytest.mark.parametrize("routed", [(), [("acme", "902")]], ids=["both new", "one routed"])
def test_of_two_projects_of_the_source_that_fit_one_neither_is_chosen(routed: object) -> None:
    both = [*SOURCE[-1], {"id": "902", "number": None, "name": "PIER 9"}]
    text = text_of(guessed(discovery((*SOURCE[:-1], both), COMPANY, *KINDS, ROWS), routed=routed))
    assert "# constructiononline:acme project 902 (PIER 9) fits there as well: choose." in text
    assert not [line for line in text.splitlines() if line.strip().startswith("- {name")]


def test_of_two_projects_that_fit_neither_is_chosen() -> None:
    twin: Read = ("procore:acme", PROJECTS, "twin", None, [{"id": "316", "number": "2026-010", "name": "Pier 9"}])
    others: list[Read] = [(account, kind, "316", part, rows) for account, kind, _, part, rows in (*KINDS, ROWS)]
    text = text_of(guessed(discovery(SOURCE, COMPANY, twin, *KINDS, ROWS, *others)))
    assert "project_id: 316" in text
    assert not [line for line in text.splitlines() if line.strip().startswith("- {name")]


def test_a_route_waits_until_all_of_its_contracts_were_read() -> None:
    guesses = guessed(discovery(SOURCE, COMPANY, *KINDS[1:], ROWS))
    assert guesses.routes == ()
    assert "not read yet: procore:acme contracts 315" in guesses.none[0]


def test_a_project_that_a_route_takes_already_is_left_alone() -> None:
    found = discovery(SOURCE, COMPANY, *KINDS, ROWS)
    assert guessed(found, routed={("acme", "901")}).routes == ()
    assert guessed(found, every={"acme"}) == Guesses(routes=(), none=())
    assert "- name: pier-9-901" in text_of(guessed(found, names={"pier-9"}))


def test_what_a_remote_says_cannot_become_a_line_of_the_file() -> None:
    evil = "Pier 9\n- name: evil\r\u2028x"
    source: Read = ("constructiononline:acme", PROJECTS, None, None, [{"id": "901", "number": None, "name": evil}])
    site: Read = ("cinx:acme", PROJECTS, None, None, [{"id": "g", "number": "P1\n", "name": evil}])
    order: Row = {"number": 'PO"1\n- x', "name": evil, "project": "P1\n", "vendor": "V\n", "status": "S"}
    text = text_of(guessed(discovery(source, site, ("cinx:acme", PURCHASE_ORDERS, None, None, [order]))))
    lines = text.splitlines()
    assert "- name: evil" not in [line.strip() for line in lines]
    assert [
        line for line in lines if not line.lstrip().startswith(("#", "- name", "from:", "mode:", "cost_codes"))
    ] == []
