"""Routes are set into a file of people: every byte of theirs stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operations.discover.configuration import moved, with_routes
from operations.discover.guessed_routes import GuessedRoute
from operations.errors import Refused
from relay.engine.configuration import ConfigurationError
from relay.engine.configuration.document import parse_document

ROUTE = GuessedRoute(
    account="acme",
    project="901",
    lines=(
        "# A guess.",
        "- name: pier",
        "  from: {system: constructiononline, account: acme, project: '901'}",
        "  # targets:",
        "    # - {name: owner}",
    ),
)
HERE = "- name: tower  # by Ann\n  from: {system: constructiononline, account: acme, project: 1}\n"
INDENTED = "  - name: tower  # by Ann\n    from: {system: constructiononline, account: acme, project: 1}\n"
TEXTS = [
    "accounts: {}\n",
    "accounts: {}",
    "# only a word\naccounts: {}   # here\n\n\n",
    "accounts: {}\nroutes: []\n",
    "accounts: {}\nroutes: []   # none yet\nredrive: []\n",
    "accounts: {}\nroutes:\nredrive: []\n",
    "accounts: {}\nroutes: null\n",
    "accounts: {}\nroutes:   # none yet\n\nredrive: []\n",
    f"accounts: {{}}\nroutes:\n{HERE}...\n",
    f"accounts: {{}}\nroutes:\n{HERE}",
    f"accounts: {{}}\nroutes:\n{INDENTED}",
    f"accounts: {{}}\nroutes:\n{INDENTED.rstrip()}",
    f"routes:\n{INDENTED}    # targets: later\n\n# of the accounts\naccounts: {{}}\n",
    f"routes:   # ours\n{INDENTED}\n  # another thought\n\n# at the left\nredrive: []\n",
    f"accounts: {{}}\nroutes:\n{INDENTED}    targets:\n      - {{name: a}}\n      # - {{name: b}}\n",
    f"accounts: {{}}\nroutes:\n{INDENTED}    note: |\n      several\n      lines\n\nredrive: []\n",
    f"accounts: {{}}\nroutes:\n{INDENTED}    codes: &codes {{'371': '03-300'}}\n  - {{cost_codes: *codes}}\n",
    f"accounts: {{}}\nroutes:\n{INDENTED}".replace("\n", "\r\n"),
    f"# é 天窗\naccounts: {{}}\nroutes:\n{HERE}redrive: []\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_stands_in_the_file_stays_and_the_route_comes_last(text: str) -> None:
    result = with_routes("cor.yaml", text, [ROUTE])
    routes = parse_document("cor.yaml", result).content["routes"]
    assert routes[-1] == {"name": "pier", "from": {"system": "constructiononline", "account": "acme", "project": "901"}}
    lines = iter(result.splitlines())
    former = [line for line in text.splitlines() if line.strip() and not line.startswith("routes:")]
    assert [line for line in former if line not in lines] == [], "every line of theirs, in its order"
    assert "# A guess." in result
    twice = with_routes("cor.yaml", result, [ROUTE])
    assert len(parse_document("cor.yaml", twice).content["routes"]) == len(routes) + 1


def test_a_comment_at_the_left_belongs_to_what_follows_it_and_one_within_to_the_route() -> None:
    text = f"routes:\n{INDENTED}    # targets: later\n\n# of the accounts\naccounts: {{}}\n"
    result = with_routes("cor.yaml", text, [ROUTE])
    assert result.index("# targets: later") < result.index("# A guess.") < result.index("# of the accounts")


def test_no_route_changes_nothing() -> None:
    for text in TEXTS:
        assert with_routes("cor.yaml", text, []) == text


def test_what_cannot_be_set_in_is_left_as_it_is() -> None:
    with pytest.raises(Refused, match=r"cor\.yaml:2: routes stand in brackets"):
        with_routes("cor.yaml", "accounts: {}\nroutes: [{name: tower}]\n", [ROUTE])
    with pytest.raises(ConfigurationError):
        with_routes("cor.yaml", "accounts: {\n", [ROUTE])
    with pytest.raises(Refused, match="left as it is"):
        with_routes("cor.yaml", f"other: &r\n{HERE}routes: *r\n", [ROUTE])


def test_names_of_files_begin_at_the_new_folder_and_nothing_else_changes(tmp_path: Path) -> None:
    text = 'a: {password_file: secrets/a, key_file: "b c", token_file: /run/d}\nroutes: [{cost_codes_file: e.csv}]\n'
    result = moved(text, tmp_path / "old" / "start.yaml", tmp_path / "new")
    content = parse_document("cor.yaml", result).content
    assert content["a"] == {"password_file": "../old/secrets/a", "key_file": "../old/b c", "token_file": "/run/d"}
    assert content["routes"] == [{"cost_codes_file": "../old/e.csv"}]
    assert moved(text, tmp_path / "x.yaml", tmp_path).endswith(
        text.replace("secrets/a", json.dumps("secrets/a")).replace("e.csv", json.dumps("e.csv"))
    )
