from __future__ import annotations

import pytest

from relay.engine.configuration import load_configuration
from relay.engine.configuration.digest import routes_digest
from tests.unit.engine.configuration.conftest import ACCOUNTS, Write

ROUTES = """\
routes:
  - from: {system: constructiononline, account: acme, project: 7}
    mode: live
    since: 2026-01-01
    cost_codes: {"371": "03-300"}
    targets:
      - {name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}
      - {name: steel, system: cinx, account: acme, purchase_order: PO-1, match: {name: [/steel/, rebar]}}
"""

IN_OTHER_WORDS = """\
# Who may ask about this: the office.

routes:
- targets:
  - name: owner      # the owner's contract
    tiers: "2"
    contract: prime
    contract_id: 44023
    project_id: 315
    account: acme
    system: procore
    person_edit: letter
  - {system: cinx, account: acme, name: steel, match: {name: ["/steel/", "rebar"]}, purchase_order: "PO-1"}
  cost_codes:
    371: 03-300
  history: false
  statuses: {rejected: rejected, approved: approved, pending: pending}
  since: "2026-01-01"
  mode: live
  from:
    account: acme
    project: "7"
    system: constructiononline
"""


def digest(write: Write, text: str) -> str:
    return routes_digest(load_configuration(write(text)))


def test_layout_comments_order_of_keys_and_written_defaults_change_nothing(write: Write) -> None:
    assert digest(write, ACCOUNTS + ROUTES) == digest(write, ACCOUNTS + IN_OTHER_WORDS)


def test_it_is_what_it_was_in_the_first_release_that_stated_it(write: Write) -> None:
    """Members of two releases state the same for one file."""
    assert digest(write, ACCOUNTS + ROUTES) == "f255950d725e604cef8f361e0315efc761bf3a558426ec5f5e07e71ca9e30a4e"


def test_an_account_changes_nothing(write: Write) -> None:
    more = ACCOUNTS.replace("company_id: 4200", "company_id: 4200, poll_interval: 5m")
    assert more != ACCOUNTS
    assert digest(write, more + ROUTES) == digest(write, ACCOUNTS + ROUTES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mode: live", "mode: dry_run"),
        ("2026-01-01", "2026-01-02"),
        ("project: 7", "project: 8"),
        ("03-300", "03-301"),
        ("name: owner", "name: client"),
        ("44023", "44024"),
        ("tiers: 2", "tiers: 3"),
        ("PO-1", "PO-2"),
        ("/steel/", "steel"),
        ("[/steel/, rebar]", "[/steel/]"),
        ("tiers: 2", "tiers: 2, package: per_change_order"),
        ("mode: live", "mode: live\n    on_delete: void"),
    ],
)
def test_what_the_routes_say_changes_it(write: Write, before: str, after: str) -> None:
    changed = ROUTES.replace(before, after)
    assert changed != ROUTES
    assert digest(write, ACCOUNTS + changed) != digest(write, ACCOUNTS + ROUTES)


def test_what_becomes_of_what_no_route_takes_changes_it(write: Write) -> None:
    skipping = ACCOUNTS.replace("company_id: 4200", "company_id: 4200, unrouted: skip")
    assert digest(write, skipping + ROUTES) != digest(write, ACCOUNTS + ROUTES)
