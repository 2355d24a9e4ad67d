"""The codec and the registry client against a real schema registry."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from schema_registry.client import SchemaRegistryClient
from schema_registry.client.errors import ClientError
from schema_registry.client.schema import AvroSchema

from deploy import local
from relay.domain.record_types import RECORD_TYPES
from relay.engine.record_codec import record_codec
from schemas import (
    RECORDS,
    RegistryUnreachable,
    SchemaNotRegistered,
    Unreadable,
    published,
    schema,
)
from schemas.registry import Registry, subject_of
from tests.unit.schemas.samples import NAME, SAMPLES

NEWEST = published("NameRecord")[-1]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with local.registry() as running:
        yield running.url


@pytest.fixture
def topic() -> str:
    """A topic that no other run has used: the registry may be one that lives on."""
    return f"schemas-test-{uuid.uuid4()}"


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_passes_through_the_registry_unchanged(url: str, topic: str, record: str) -> None:
    number = Registry(url).register(topic, record)
    data = record_codec(Registry(url)).encode(SAMPLES[record], topic)
    assert data[:5] == b"\x00" + number.to_bytes(4, "big")
    read: object = record_codec(Registry(url)).decode(data, RECORD_TYPES[record])
    assert read == SAMPLES[record]


def test_the_registry_keeps_docs_and_words(url: str, topic: str) -> None:
    number = Registry(url).register(topic, "ChangeOrderOutcome")
    with urlopen(f"{url}/schemas/ids/{number}") as answer:
        assert json.loads(json.load(answer)["schema"]) == schema("ChangeOrderOutcome")


def test_registering_again_gives_the_same_id(url: str, topic: str) -> None:
    first = Registry(url).register(topic, "NameRecord")
    assert Registry(url).register(topic, "NameRecord") == first
    assert Registry(url).id_of(topic, NEWEST) == first


def test_the_subject_is_held_to_backward_transitive(url: str, topic: str) -> None:
    Registry(url).register(topic, "NameRecord")
    assert Registry(url).compatibility_of(topic) == "BACKWARD_TRANSITIVE"
    broken = copy.deepcopy(schema("NameRecord"))
    broken["fields"].append({"name": "needed", "type": "string"})
    with pytest.raises(ClientError) as caught:
        SchemaRegistryClient(url).register(subject_of(topic), AvroSchema(broken))
    assert caught.value.http_code == 409


def test_a_record_of_a_later_schema_is_read(url: str, topic: str) -> None:
    Registry(url).register(topic, "NameRecord")
    later = copy.deepcopy(schema("NameRecord"))
    later["fields"].append({"name": "colour", "type": "string", "default": "red"})
    number = SchemaRegistryClient(url).register(subject_of(topic), AvroSchema(later))
    body = record_codec(Registry(url)).encode(NAME, topic)[5:]
    data = b"\x00" + int(number).to_bytes(4, "big") + body + b"\x08blue"
    assert record_codec(Registry(url)).decode(data, type(NAME)) == NAME


def test_a_schema_that_nobody_registered_is_fatal_and_an_id_that_nobody_gave_is_unreadable(
    url: str, topic: str
) -> None:
    with pytest.raises(SchemaNotRegistered, match="cor schemas register"):
        record_codec(Registry(url)).encode(NAME, topic)
    with pytest.raises(Unreadable) as caught:
        record_codec(Registry(url)).decode(b"\x00\x7f\xff\xff\xff\x00", type(NAME))
    assert caught.value.reason == "record.unknown_schema"


def test_a_wrong_path_is_no_registry(url: str, topic: str) -> None:
    for wrong in (f"{url}/elsewhere", url.partition("/apis")[0] + "/nowhere"):
        with pytest.raises(RegistryUnreachable, match="COR_SCHEMA_REGISTRY_URL"):
            Registry(wrong).schema_of(1)
