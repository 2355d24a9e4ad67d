from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli.errors import reported
from cli.main import COMMANDS, app_of
from relay.domain.failures import Fatal
from tests.unit.cli.conftest import Cor


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens, for as long as the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("run",), ("run", "nothing"), ("topics", "apply", "--nothing"), ("topics", "diff", "--nothing")],
)
def test_wrong_usage_is_2_and_says_how_it_is_used(cor: Cor, arguments: tuple[str, ...]) -> None:
    ended = cor(*arguments, COR_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert ended.returncode == 2
    assert "Usage: cor" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("said", [(), ("tower", "--route", "annex")])
def test_a_go_live_is_of_one_route_and_says_what_to_type(cor: Cor, said: tuple[str, ...]) -> None:
    ended = cor("go-live", *said, COR_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert ended.returncode == 2
    assert "a go-live is of one, `cor go-live ROUTE`" in ended.stderr


@pytest.mark.parametrize("said", [("log",), ("reconcile", "tower")])
def test_a_side_is_one_of_two(cor: Cor, said: tuple[str, ...]) -> None:
    ended = cor(*said, "--side", "both", COR_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert ended.returncode == 2
    assert "--side: 'both' is none of owner, cost" in ended.stderr


def test_a_target_that_no_file_has_is_not_accepted(cor: Cor, nobody: str) -> None:
    settings = {"COR_KAFKA_BOOTSTRAP_SERVERS": nobody, "COR_PATIENCE": "0"}
    ended = cor("topics", "apply", "--accept-new-target", "tower/new", "--why", "another", "--who", "Ann", **settings)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "(COR_CONFIG): tower/new" in ended.stderr


def test_help_is_0_and_names_every_command(cor: Cor) -> None:
    ended = cor("--help")
    assert ended.returncode == 0
    for command in ("run", "topics", "schemas", "check", "status", "trace", "letters", "members", "replay"):
        assert f"  {command} " in ended.stdout


def test_missing_settings_are_2_and_name_the_variable(cor: Cor) -> None:
    ended = cor("topics", "diff")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "COR_KAFKA_BOOTSTRAP_SERVERS" in ended.stderr


def test_a_wrong_configuration_is_2_before_kafka_is_asked(cor: Cor, tmp_path: Path, nobody: str) -> None:
    file = tmp_path / "cor.yaml"
    file.write_text("acounts: {}\n", encoding="utf-8")
    ended = cor("run", "mapper", COR_KAFKA_BOOTSTRAP_SERVERS=nobody, COR_CONFIG=str(file), COR_PATIENCE="0")
    assert ended.returncode == 2
    assert f"{file}:1: acounts" in ended.stderr


def test_an_unreachable_kafka_is_1_and_names_the_address_and_the_time(cor: Cor, tmp_path: Path, nobody: str) -> None:
    file = tmp_path / "cor.yaml"
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    account = "{email: a@example.com, password_file: secret, api_key_file: secret}"
    file.write_text(f"accounts: {{constructiononline: {{acme: {account}}}}}\nroutes: []\n", encoding="utf-8")
    ended = cor("run", "mapper", COR_KAFKA_BOOTSTRAP_SERVERS=nobody, COR_CONFIG=str(file), COR_PATIENCE="0")
    assert ended.returncode == 1
    assert f"Kafka is not reachable at {nobody}" in ended.stderr
    assert "tried for 0 s" in ended.stderr
    assert "Traceback" not in ended.stderr
    lines = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    (refused,) = [line for line in lines if line["event"] == "process.refused"]
    assert f"Kafka is not reachable at {nobody}" in refused["message"], "who collects JSON reads it, too"


def test_schemas_are_checked_without_any_settings(cor: Cor) -> None:
    ended = cor("schemas", "check")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "reads what each of its published versions wrote" in ended.stdout


def test_nothing_to_register_with_is_2(cor: Cor, nobody: str) -> None:
    ended = cor("schemas", "register", COR_KAFKA_BOOTSTRAP_SERVERS=nobody)
    assert ended.returncode == 2
    assert "COR_SCHEMA_REGISTRY_URL" in ended.stderr


def test_an_unreachable_registry_is_1_and_names_its_address(cor: Cor, nobody: str) -> None:
    settings = {"COR_KAFKA_BOOTSTRAP_SERVERS": nobody, "COR_SCHEMA_REGISTRY_URL": f"http://{nobody}"}
    ended = cor("schemas", "register", COR_PATIENCE="0", **settings)
    assert ended.returncode == 1
    assert f"http://{nobody}" in ended.stderr
    assert "tried for 0 s" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("trace", "498099", "--json"), 1),
        (("topics", "diff", "--json"), 1),
        (("letters", "redrive", "--json"), 2),
        (("letters", "settle", "some-letter", "--why", "", "--json"), 2),
        (("replay", "--all", "--since", "yesterday", "--json"), 2),
        (("replay", "--since", "1969-12-31", "--json"), 2),
        (("replay", "--all", "--rate", "inf", "--json"), 2),
        (("letters", "redrive", "--all", "--rate", "nan", "--json"), 2),
        (("status", "--wait", "nan", "--json"), 2),
        (("run", "nothing", "--json"), 2),
    ],
)
def test_a_failure_is_one_object_for_json_and_text_for_people(
    cor: Cor, nobody: str, arguments: tuple[str, ...], code: int
) -> None:
    ended = cor(*arguments, COR_KAFKA_BOOTSTRAP_SERVERS=nobody)
    said = json.loads(ended.stdout)
    assert (ended.returncode, said["code"], list(said)) == (code, code, ["code", "error"])
    assert said["error"] in ended.stderr


def test_who_does_not_ask_for_json_gets_none(cor: Cor, nobody: str) -> None:
    ended = cor("trace", "498099", COR_KAFKA_BOOTSTRAP_SERVERS=nobody)
    assert (ended.returncode, ended.stdout) == (1, "")


def test_missing_settings_are_told_to_machines_too(cor: Cor) -> None:
    ended = cor("topics", "diff", "--json")
    assert (ended.returncode, json.loads(ended.stdout)["code"]) == (2, 2)


def test_what_a_remote_wrote_in_an_error_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    context = typer.Context(typer.main.get_command(app_of(COMMANDS)))
    with pytest.raises(SystemExit), reported(context):
        raise Fatal("no \x1b]0;owned\x07 \u202e such order")
    assert capsys.readouterr().err == "cor: no \ufffd]0;owned\ufffd \ufffd such order\n"


def test_a_file_that_cannot_be_had_is_told_by_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    context = typer.Context(typer.main.get_command(app_of(COMMANDS)))
    with pytest.raises(SystemExit) as ended, reported(context):
        (tmp_path / "nowhere" / "copy").write_text("")
    assert ended.value.code == 1
    assert "nowhere/copy" in capsys.readouterr().err
