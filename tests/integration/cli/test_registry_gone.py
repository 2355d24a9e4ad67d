"""A schema registry was used once, and is no longer named: nothing that was written can be read."""

from __future__ import annotations

import pytest

from relay.engine.record_codec import record_codec
from relay.engine.topics import ALL, LETTERS, OBSERVED, OUTCOMES
from schemas import Codec
from schemas.registry import Registry
from tests.integration.cli import conftest
from tests.integration.cli.conftest import Place
from tests.integration.cli.test_letters import unrouted


@pytest.fixture
def with_registry(monkeypatch: pytest.MonkeyPatch, provisioned: str, registry_url: str) -> Codec:
    """Everything that the test writes, it writes with the registry."""
    registry = Registry(registry_url)
    for topic in ALL:
        registry.register(topic.name(provisioned), topic.record)
    codec = record_codec(registry)
    for module in ("conftest", "test_letters"):
        monkeypatch.setattr(f"tests.integration.cli.{module}.CODEC", codec)
    return codec


@pytest.fixture
def written(with_registry: Codec, place: Place) -> Place:
    """A letter, a change order and names, all written with the registry, which is not named any more."""
    assert with_registry is conftest.CODEC
    place.route("1321036")
    unrouted(place, "1")
    return place


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "mapper", "--once"),
        ("replay", "--all"),
        ("replay", "--all", "--dry-run"),
        ("letters", "list"),
        ("letters", "redrive", "--all"),
        ("letters", "redrive", "--all", "--as-is"),
        ("letters", "settle", "some-letter", "--why", "away with it"),
        ("letters", "resubmit", "some-letter", "--why", "once more"),
        ("trace", "1"),
        ("trace", "constructiononline:acme:1"),
        ("topics", "apply", "--partitions", "2"),
    ],
)
def test_a_command_stops_as_the_stages_do_and_writes_nothing(written: Place, arguments: tuple[str, ...]) -> None:
    before = [len(written.read(topic)) for topic in (OBSERVED, OUTCOMES, LETTERS)]
    ended = written.cor(*arguments, "--json")
    assert (ended.code, ended.json["code"]) == (1, 1)
    assert "set COR_SCHEMA_REGISTRY_URL to the registry" in ended.err
    assert [len(written.read(topic)) for topic in (OBSERVED, OUTCOMES, LETTERS)] == before
    assert not written.commands()


def test_without_a_configuration_what_needs_none_stops_too(written: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COR_CONFIG")
    ended = written.cor("letters", "redrive", "--all", "--as-is")
    assert ended.code == 1
    assert "set COR_SCHEMA_REGISTRY_URL to the registry" in ended.err
