"""Which schemas of a registry a copy's records name, and what is refused before one is put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from operations.copies.named_schemas import NamedSchemas, refuse_other_meanings
from operations.environment import Environment, codec_of, connection_of
from operations.errors import Refused
from relay.engine.record_codec import record_codec
from relay.engine.settings import read_settings
from relay.engine.topics import AUDIT, CURRENT, LETTERS, NAMES, OBSERVED, PROCORE, Topic
from schemas import RegistryUnreachable, Schema, SchemaNotRegistered, published, schema
from schemas.framing import confluent
from schemas.registry import Registry, subject_of
from tests.unit.schemas.samples import INBOX, LETTER, NAME, SAMPLES
from tests.unit.schemas.small_registry import SmallRegistry, listening

COMMAND, EVENT = SAMPLES["ProcoreCommand"], SAMPLES["ChangeOrderObserved"]
FOREIGN = '{"type": "record", "name": "Invoice", "namespace": "elsewhere", "fields": []}'


def named(url: str | None) -> Environment:
    """Surroundings with a registry, or without one."""
    known = {"COR_KAFKA_BOOTSTRAP_SERVERS": "kafka.invalid:9092"}
    settings = read_settings(known if url is None else {**known, "COR_SCHEMA_REGISTRY_URL": url})
    return Environment(settings, connection_of(settings), codec_of(settings))


@pytest.fixture
def small() -> SmallRegistry:
    return SmallRegistry()


@pytest.fixture
def url(small: SmallRegistry) -> Iterator[str]:
    with listening(small) as address:
        yield address


def written(url: str, topic: Topic, record: object) -> bytes:
    """A record's bytes, its schemas registered first."""
    registry = Registry(url)
    registry.register(topic.base, topic.record)
    return record_codec(registry).encode(record, topic.base)


def id_in(data: bytes) -> int:
    return int.from_bytes(data[1:5], "big")


def found(schemas: NamedSchemas) -> dict[int, Schema]:
    return {number: json.loads(text) for number, text in schemas.lines()}


def test_each_id_is_noted_with_its_schema_and_asked_for_once(small: SmallRegistry, url: str) -> None:
    event, name = written(url, OBSERVED, EVENT), written(url, NAMES, NAME)
    schemas, before = NamedSchemas(named(url)), len(small.asked)
    for topic, value in ((OBSERVED, event), (CURRENT, event), (CURRENT, None), (NAMES, name), (NAMES, name)):
        schemas.see(topic, value)
    assert found(schemas) == {id_in(event): schema("ChangeOrderObserved"), id_in(name): schema("NameRecord")}
    assert len(small.asked) - before == 2
    assert schemas.unknown == ()


def test_what_a_letter_or_an_inbox_holds_whole_names_a_schema_as_well(url: str) -> None:
    """The record itself may be gone from its topic by age, and be redriven from the letter all the same."""
    event, command = written(url, OBSERVED, EVENT), written(url, PROCORE.commands, COMMAND)
    assert INBOX.waiting is not None
    letter = written(url, LETTERS, replace(LETTER, record_value=event))
    inbox = written(url, PROCORE.inbox, replace(INBOX, waiting=replace(INBOX.waiting, command=command)))
    settled = written(url, LETTERS, replace(LETTER, record_value=None))
    schemas = NamedSchemas(named(url))
    for topic, value in ((LETTERS, letter), (LETTERS, settled), (PROCORE.inbox, inbox)):
        schemas.see(topic, value)
    assert found(schemas).keys() == {id_in(data) for data in (event, command, letter, inbox)}


def test_records_of_strangers_are_no_hindrance(small: SmallRegistry, url: str) -> None:
    foreign = small.add("elsewhere", FOREIGN)
    schemas = NamedSchemas(named(url))
    strange = (b"", b"1", b"\x00", confluent(7000) + b"x", confluent(foreign) + b"x")
    for value in strange:
        schemas.see(OBSERVED, value)
    schemas.see(LETTERS, written(url, LETTERS, replace(LETTER, record_value=confluent(7001))))
    schemas.see(LETTERS, written(url, LETTERS, LETTER)[:-1])
    assert [record["name"] for record in found(schemas).values()] == ["DeadLetter"]
    assert schemas.unknown == (foreign, 7000, 7001)


def test_without_a_registry_nothing_is_named(url: str) -> None:
    schemas, codec = NamedSchemas(named(None)), record_codec()
    schemas.see(OBSERVED, codec.encode(EVENT, OBSERVED.base))
    schemas.see(LETTERS, codec.encode(replace(LETTER, record_value=codec.encode(EVENT, OBSERVED.base)), LETTERS.base))
    schemas.see(OBSERVED, confluent(7000) + b"of a stranger")
    assert found(schemas) == {}
    assert schemas.unknown == (7000,)
    refuse_other_meanings(named(None), {})


def test_no_copy_is_taken_of_what_was_written_with_a_registry_that_is_not_named(url: str) -> None:
    data = written(url, OBSERVED, EVENT)
    with pytest.raises(Refused, match=rf"name schema {id_in(data)} of .* Set COR_SCHEMA_REGISTRY_URL"):
        NamedSchemas(named(None)).see(OBSERVED, data)


def test_a_registry_that_does_not_answer_stops_the_copy(small: SmallRegistry, url: str) -> None:
    data = written(url, OBSERVED, EVENT)
    small.instead = (503, b"")
    with pytest.raises(RegistryUnreachable):
        NamedSchemas(named(url)).see(OBSERVED, data)
    with pytest.raises(RegistryUnreachable):
        refuse_other_meanings(named(url), {id_in(data): schema("ChangeOrderObserved")})


def registered(url: str) -> None:
    """What a restore itself writes with."""
    for topic in (NAMES, AUDIT):
        Registry(url).register(topic.base, topic.record)


def test_the_same_meaning_is_fine_and_another_is_told(small: SmallRegistry, url: str) -> None:
    registered(url)
    first, second = (version.text for version in published("ChangeOrderObserved")[:2])
    number = small.add(subject_of(OBSERVED.base), first)
    refuse_other_meanings(named(url), {number: json.loads(first)})
    said = rf"{number} is ChangeOrderObserved 2 in the copy, ChangeOrderObserved 1 there\).*Nothing was written\. Put"
    with pytest.raises(Refused, match=said):
        refuse_other_meanings(named(url), {number: json.loads(second)})
    with pytest.raises(Refused, match=r"77 is ChangeOrderObserved 1 in the copy, nothing there\)"):
        refuse_other_meanings(named(url), {number: json.loads(first), 77: json.loads(first)})
    many = {7000 + one: json.loads(first) for one in range(9)}
    with pytest.raises(Refused, match=r"7004 is ChangeOrderObserved 1 in the copy, nothing there; and 4 more\)"):
        refuse_other_meanings(named(url), many)


def test_a_copy_with_ids_is_not_put_back_where_no_registry_is_named() -> None:
    with pytest.raises(Refused, match=r"\(3, 5\), and none is configured: .* Set COR_SCHEMA_REGISTRY_URL"):
        refuse_other_meanings(named(None), {3: schema("NameRecord"), 5: schema("PollState")})


def test_what_a_restore_writes_at_its_end_is_asked_for_at_its_beginning(url: str) -> None:
    Registry(url).register(NAMES.base, NAMES.record)
    with pytest.raises(SchemaNotRegistered, match=f"OperatorAction in {AUDIT.base}-value.*cor schemas register"):
        refuse_other_meanings(named(url), {})
