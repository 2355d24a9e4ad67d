"""Projects and contracts by number or name; names that a remote denies; names that are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.sandbox.process import Simulated, simulated
from relay.domain.ledger import LedgerEntry
from relay.domain.records import OperatorAction
from relay.engine.kafka import Outgoing
from relay.engine.source_record import SourceRecord
from relay.engine.topics import AUDIT, CURRENT, PROCORE
from tests.cor_command import Ended
from tests.faults.harness import SECRETS
from tests.integration.cli.conftest import Place, a_moment, key_of, tenant
from tests.unit.domain.mapping.samples import change_order

ACCOUNTS = """
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: password, api_key_file: api-key, base_url: {source}/api}}
  procore:
    acme: {{company_id: 4200, client_id_file: client-id, client_secret_file: client-secret, api_url: {procore},
            login_url: {procore}}}
"""
ROUTES = """
routes:
  - from: {{system: constructiononline, account: acme, project: {project}}}
    targets:
      - {{name: owner, system: procore, account: acme, project_id: {project_id}, contract_id: {contract_id},
         contract: work_order, tiers: 2}}
"""
NAMED = {"project": "{name: tower b}", "project_id": "{number: 2026-009}", "contract_id": "{number: SC-001}"}
BY_ID = {"project": "77", "project_id": "315", "contract_id": "44021"}
FAILED, WRONG = 1, 2
APPLY = ("topics", "apply", "--partitions", "2")


@pytest.fixture
def systems() -> Iterator[dict[str, Simulated]]:
    with simulated("constructiononline") as source, simulated("procore") as procore:
        source.people("clear")
        source.people("create_project", id=77, name="Tower B")
        yield {"source": source, "procore": procore}


@pytest.fixture
def office(place: Place, systems: dict[str, Simulated]) -> Place:
    for name, secret in SECRETS.items():
        (place.folder / name).write_text(secret, encoding="utf-8")
    return place


def configure(place: Place, systems: dict[str, Simulated], **stated: str) -> None:
    urls = {name: system.url for name, system in systems.items()}
    text = ACCOUNTS.format(**urls) + (ROUTES.format(**stated) if stated else "")
    (place.folder / "cor.yaml").write_text(text, encoding="utf-8")


def names(place: Place) -> dict[str, str]:
    listed: list[dict[str, Any]] = place.cor("names", "list", "--json").json["names"]
    return {one["name"]: one["stands_for"] for one in listed if not one["name"].startswith("topic:")}


def applied(place: Place, *words: str) -> Ended:
    ended = place.cor(*APPLY, *words)
    assert ended.code == 0, ended.err
    return ended


def test_what_is_called_by_number_or_name_is_looked_up_once_and_stays_what_it_was(
    office: Place, systems: dict[str, Simulated]
) -> None:
    configure(office, systems, **NAMED)
    unpinned = office.cor("replay", "--all", "--dry-run")
    assert (unpinned.code, "`cor topics apply` has looked up and pinned" in unpinned.err) == (WRONG, True)
    applied(office)
    pinned = {
        "pin:constructiononline:acme/project:name:tower b": "77",
        "pin:procore:acme/project:number:2026-009": "315",
        "pin:procore:acme/project:315/work_order:number:SC-001": "44021",
    }
    recorded = names(office)
    assert pinned.items() <= recorded.items()
    assert recorded["target:constructiononline:acme:77:owner"] == "procore:acme"
    assert office.cor("replay", "--all", "--dry-run").code == 0

    # Another project gets the name: the pinned one is meant all the same, and nothing is asked again.
    systems["source"].people("create_project", id=78, name="Tower B")
    asked = len(systems["source"].history())
    applied(office)
    assert (names(office), len(systems["source"].history())) == (recorded, asked)


def test_a_name_that_two_bear_or_nobody_is_refused_and_nothing_is_written_down(
    office: Place, systems: dict[str, Simulated]
) -> None:
    systems["source"].people("create_project", id=78, name="TOWER  B")
    configure(office, systems, **NAMED)
    several = office.cor(*APPLY)
    assert several.code == FAILED
    assert "is borne by several: 77 (Tower B), 78 (TOWER  B)" in several.err
    configure(office, systems, **(NAMED | {"project": "77", "contract_id": "{number: SC-999}"}))
    nobody = office.cor(*APPLY)
    assert (nobody.code, "'SC-999' was not found among the 1" in nobody.err) == (FAILED, True)
    assert not names(office)
    configure(office, systems, **(NAMED | {"project": "{title: x}"}))
    assert office.cor(*APPLY).code == WRONG


def test_what_a_remote_denies_is_no_name_unless_a_person_says_so_and_may_be_forgotten(
    office: Place, systems: dict[str, Simulated]
) -> None:
    configure(office, systems, **(BY_ID | {"project": "Tower C", "project_id": "999"}))
    denied = office.cor(*APPLY)
    assert denied.code == FAILED
    assert "'Tower C' is not among them" in denied.err
    assert "project 999 does not exist" in denied.err
    assert not names(office)
    applied(office, "--unproven")
    wrong = "target:constructiononline:acme:Tower C:owner"
    assert wrong in names(office)

    refused = office.cor("names", "forget", wrong, "--why", "a typing error")
    assert (refused.code, "the configuration names it" in refused.err) == (FAILED, True)
    configure(office, systems, **BY_ID)
    applied(office)
    assert office.cor("names", "forget", wrong, "--who", "ann", "--why", "a typing error").code == 0
    assert wrong not in names(office)
    assert ("name forgotten", "ann", wrong) in [
        (action.action, action.who, action.subject) for action in office.decoded(AUDIT, OperatorAction)
    ]
    assert office.cor("names", "forget", wrong, "--why", "again").code == WRONG
    assert office.cor("names", "forget", f"topic:{AUDIT.base}", "--why", "why not").code == WRONG


def checked(place: Place) -> dict[str, tuple[bool, str]]:
    """Of each source and target whether it is right, and what is said of it."""
    checks = place.cor("check", "--json").json["checks"]
    return {one["check"]: (one["ok"], one["said"]) for one in checks if one["check"].startswith(("source", "target"))}


def test_what_is_pinned_and_is_called_otherwise_now_is_meant_all_the_same(
    office: Place, systems: dict[str, Simulated]
) -> None:
    configure(office, systems, **NAMED)
    applied(office)
    recorded = names(office)
    systems["source"].people("delete_project", id=77)  # Nobody renames one in the sandbox.
    systems["source"].people("create_project", id=77, name="Harbor Hall")
    systems["procore"].people("edit_contract", contract=44021, set={"number": "SC-901"})
    applied(office)
    assert names(office) == recorded
    source, target = checked(office).values()
    assert source == (True, "Harbor Hall")
    assert target[0]
    assert "work_order SC-901" in target[1]


def test_what_is_pinned_and_is_gone_is_named_with_its_place_and_nothing_else_is_meant(
    office: Place, systems: dict[str, Simulated]
) -> None:
    configure(office, systems, **NAMED)
    applied(office)
    recorded = names(office)
    systems["source"].people("delete_project", id=77)
    systems["source"].people("create_project", id=79, name="Tower B")
    systems["procore"].people("delete_contract", contract=44021)
    systems["procore"].people("create_contract", project=315, kind="work_order", title="Another", number="SC-001")
    applied(office)
    assert names(office) == recorded
    source, target = checked(office).values()
    assert (source[0], target[0]) == (False, False)
    assert "routes[0].from.project: " in source[1]
    assert "'77' is not among them. Its name 'tower b' was looked up when it was pinned to that id" in source[1]
    assert "routes[0].targets[0].contract_id: project 315 has no contract 44021" in target[1]
    assert "Its number 'SC-001' was looked up" in target[1]


def test_a_name_under_which_something_was_written_stays(office: Place, systems: dict[str, Simulated]) -> None:
    configure(office, systems, **BY_ID)
    applied(office)
    configure(office, systems)
    key = key_of("1")
    entry = LedgerEntry(
        origin_id=f"cor:{key}:owner",
        change_order_key=key,
        destination="315/44021",
        seen_sequence=1,
        seen_mapped_at=a_moment(),
        parts={},
        remote={},
    )
    office.put(PROCORE.ledger, entry.origin_id, entry, tenant())
    target, account = "target:constructiononline:acme:77:owner", "account:procore:acme"
    refused = office.cor("names", "forget", target, "--why", "tidy")
    assert (refused.code, f"knows {key} under it" in refused.err) == (FAILED, True)
    configured = office.cor("names", "forget", account, "--why", "tidy")
    assert (configured.code, "the configuration names it" in configured.err) == (FAILED, True)

    # The change order is of another project, whose target has the same name.
    original = office.observe("1", change_order(project="76"))
    office.write([_copied(original, CURRENT.name(office.prefix))])
    lagging = office.cor("names", "forget", target, "--why", "tidy")
    assert "mapper has not read all" in lagging.err


def _copied(original: SourceRecord, topic: str) -> Outgoing:
    return Outgoing(topic, original.key, original.value)
