"""The registry client against a small registry that says what it was asked."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from relay.engine.record_codec import record_codec
from schemas import (
    RegistryRefused,
    RegistryUnreachable,
    SchemaNotRegistered,
    SchemaRefused,
    Unreadable,
    published,
    schema,
    schema_text,
)
from schemas.registry import Registry
from tests.unit.schemas.samples import NAME
from tests.unit.schemas.small_registry import Answer, SmallRegistry, listening

TOPIC = "change-orders.names.v1"
SUBJECT = f"{TOPIC}-value"
NEWEST = published("NameRecord")[-1]


@pytest.fixture
def small() -> SmallRegistry:
    return SmallRegistry()


@pytest.fixture
def url(small: SmallRegistry) -> Iterator[str]:
    with listening(small) as address:
        yield address


def test_what_is_registered_is_what_a_worker_finds(small: SmallRegistry, url: str) -> None:
    number = Registry(url).register(TOPIC, "NameRecord")
    assert Registry(url).id_of(TOPIC, NEWEST) == number
    assert Registry(url).schema_of(number) == schema("NameRecord")
    assert small.levels == {SUBJECT: "BACKWARD_TRANSITIVE"}
    assert Registry(url).compatibility_of(TOPIC) == "BACKWARD_TRANSITIVE"


def test_docs_and_words_reach_the_registry(small: SmallRegistry, url: str) -> None:
    number = Registry(url).register("t", "ChangeOrderOutcome")
    assert json.loads(small.schemas[number]) == json.loads(schema_text("ChangeOrderOutcome"))


def test_registering_again_changes_nothing(small: SmallRegistry, url: str) -> None:
    first = Registry(url).register(TOPIC, "NameRecord")
    assert Registry(url).register(TOPIC, "NameRecord") == first
    assert len(small.schemas) == 1


def test_an_existing_subject_gets_its_compatibility_before_anything_is_added(small: SmallRegistry, url: str) -> None:
    small.add(SUBJECT, '{"type": "record", "name": "Earlier", "fields": []}')
    Registry(url).register(TOPIC, "NameRecord")
    assert small.asked.index(("PUT", f"/config/{SUBJECT}")) < small.asked.index(
        ("POST", f"/subjects/{SUBJECT}/versions")
    )


def test_a_worker_registers_nothing_and_says_what_does(small: SmallRegistry, url: str) -> None:
    with pytest.raises(SchemaNotRegistered, match="cor schemas register") as caught:
        Registry(url).id_of(TOPIC, NEWEST)
    assert url in str(caught.value)
    assert small.schemas == {}


def test_answers_are_kept(small: SmallRegistry, url: str) -> None:
    number = Registry(url).register(TOPIC, "NameRecord")
    finding, reading = Registry(url), Registry(url)
    before = len(small.asked)
    for _ in range(3):
        finding.id_of(TOPIC, NEWEST)
        reading.schema_of(number)
    assert len(small.asked) - before == 2


def test_a_codec_writes_and_reads_through_the_registry(url: str) -> None:
    Registry(url).register(TOPIC, "NameRecord")
    codec = record_codec(Registry(url))
    data = codec.encode(NAME, TOPIC)
    assert data[:5] == b"\x00\x00\x00\x00\x01"
    assert record_codec(Registry(url)).decode(data, type(NAME)) == NAME


def test_an_unknown_id_is_unreadable(url: str) -> None:
    with pytest.raises(Unreadable, match="schema 77") as caught:
        Registry(url).schema_of(77)
    assert caught.value.reason == "record.unknown_schema"


def test_a_registry_that_tells_nobody_its_settings_is_one(small: SmallRegistry, url: str) -> None:
    small.refused.add("/config")
    with pytest.raises(Unreadable, match="schema 77"):
        Registry(url).schema_of(77)
    with pytest.raises(SchemaNotRegistered):
        Registry(url).id_of(TOPIC, NEWEST)


@pytest.mark.parametrize(
    "answer",
    [
        {"schema": '{"type": "object"}', "schemaType": "JSON"},
        {"schema": 'syntax = "proto3";', "schemaType": "PROTOBUF"},
        {"schema": '"string"'},
        {"schema": '{"type": "record", "name": "R", "fields": [{"name": "f", "type": "elsewhere.Type"}]}'},
        {"schema": "[]"},
    ],
)
def test_a_schema_that_is_none_of_ours_is_unreadable(small: SmallRegistry, url: str, answer: Any) -> None:
    small.instead = (200, answer)
    with pytest.raises(Unreadable):
        record_codec(Registry(url)).decode(b"\x00\x00\x00\x00\x01abc", type(NAME))


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"<html>no such page</html>"),
        (404, {"error_code": 404, "message": "HTTP 404 Not Found"}),
        (200, b"<html>a login page</html>"),
        (200, {}),
        (500, {"error_code": 50001, "message": "store"}),
        (503, b""),
        (302, b""),
        (200, b"[" * 100_000),
        (200, b"\xff\xfe{}"),
        (200, b'{"id": 1e400}'),
    ],
)
def test_what_is_no_registry_is_unreachable_and_named(small: SmallRegistry, url: str, answer: Answer) -> None:
    small.instead = answer
    for ask in (
        lambda: Registry(url).schema_of(1),
        lambda: Registry(url).id_of(TOPIC, NEWEST),
        Registry(url).check,
    ):
        with pytest.raises(RegistryUnreachable) as caught:
            ask()
        assert url in caught.value.message
        assert not isinstance(caught.value, RegistryRefused)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_told_from_an_unreachable_registry(small: SmallRegistry, url: str, status: int) -> None:
    small.instead = (status, {"error_code": status, "message": "no"})
    with pytest.raises(RegistryRefused, match="COR_SCHEMA_REGISTRY_PASSWORD_FILE"):
        Registry(url).schema_of(1)


@pytest.mark.parametrize("status", [409, 422])
def test_a_schema_that_the_registry_refuses_is_told_with_its_answer(
    small: SmallRegistry, url: str, status: int
) -> None:
    small.instead = None
    registry = Registry(url)
    answer = small.answer
    refusal = {"error_code": status, "message": "READER_FIELD_MISSING_DEFAULT_VALUE"}

    def refusing(method: str, path: str, body: Any) -> Answer:
        return (
            (status, refusal)
            if (method, path) == ("POST", f"/subjects/{SUBJECT}/versions")
            else answer(method, path, body)
        )

    small.answer = refusing  # type: ignore[method-assign]
    with pytest.raises(SchemaRefused, match="READER_FIELD_MISSING_DEFAULT_VALUE"):
        registry.register(TOPIC, "NameRecord")


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(RegistryUnreachable, match=address):
        Registry(address).schema_of(1)


def test_a_registry_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RegistryUnreachable, match="Timeout"):
            Registry(address, timeout=0.05).schema_of(1)


def test_credentials_are_sent_and_named_nowhere(small: SmallRegistry, url: str) -> None:
    Registry(url, username="relay", password="pass:word").check()
    assert small.authorizations[-1] == "Basic " + base64.b64encode(b"relay:pass:word").decode()
    small.instead = (401, {"message": "no"})
    with pytest.raises(RegistryRefused) as caught:
        Registry(url, username="relay", password="pass:word").check()
    assert "pass:word" not in str(caught.value)


def test_without_credentials_none_are_sent(small: SmallRegistry, url: str) -> None:
    Registry(url).check()
    assert small.authorizations == [None]


@pytest.mark.parametrize(
    "address", ["", "registry:8081", "ftp://registry", "http://", "http://relay:secret@registry:8081"]
)
def test_an_address_that_is_none_or_holds_a_password_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="COR_SCHEMA_REGISTRY_URL") as caught:
        Registry(address)
    assert "secret" not in str(caught.value)
