"""The contract in ``docs/contract`` is what the code declares, and a valid AsyncAPI document."""

from __future__ import annotations

import base64
import gzip
import json
import re
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from docs.contract_files.document import KEYS, for_others, has_tombstones, short
from docs.contract_files.files import FOLDER, files, leftovers
from docs.contract_files.growth import beginnings, growth, paths
from docs.contract_files.promises import version
from docs.contract_files.samples import SampleRegistry, records, spelt
from operations.mock.history import history
from relay.domain.events import Change
from relay.domain.outcomes import OutcomeKind
from relay.domain.record_types import RECORD_TYPES
from relay.engine.provision.declared import declared_topics
from relay.engine.record_codec import record_codec
from relay.engine.topics import ALL, AUDIT, CURRENT, OBSERVED
from schemas import published, schema

RULES = json.loads(gzip.decompress((Path(__file__).parent / "asyncapi/3.0.0.json.gz").read_bytes()))
VALIDATOR = Draft7Validator(RULES)
DOCUMENT = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
PAGE = (FOLDER / "index.html").read_text(encoding="utf-8")
SAMPLES = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in (FOLDER / "samples").glob("*.json")}


def test_every_file_is_what_the_code_declares() -> None:
    wanted = files()
    outdated = [
        name
        for name, content in wanted.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != content
    ]
    assert (outdated, leftovers(wanted)) == ([], []), "run: make docs"


def test_it_is_valid_asyncapi() -> None:
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("asyncapi",), "2.6.0"),
        (("operations", "send-observed", "action"), "publish"),
        (("channels", "observed", "bindings", "kafka", "partitions"), 0),
        (("components", "messages", "DeadLetter", "payload", "schema", "type"), "recrod"),
    ],
)
def test_an_invalid_document_would_be_noticed(path: tuple[str, ...], value: object) -> None:
    broken = deepcopy(DOCUMENT)
    place = broken
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert not VALIDATOR.is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    found = re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT))
    assert len(found) > 10
    for reference in found:
        place: Any = DOCUMENT
        for name in reference.split("/"):
            place = place[name]


def test_topics_records_and_settings_are_those_that_are_provisioned() -> None:
    declared = declared_topics("", 3)
    assert {one["address"] for one in DOCUMENT["channels"].values()} == {t.base for t in ALL if t.for_others}
    for topic in for_others():
        channel = DOCUMENT["channels"][short(topic)]
        kafka = channel["bindings"]["kafka"]
        said = {name: ",".join(v) if isinstance(v, list) else str(v) for name, v in kafka["topicConfiguration"].items()}
        assert said == declared[topic.base].settings
        assert kafka["partitions"] == declared[topic.base].partitions
        message = DOCUMENT["components"]["messages"][topic.record]
        assert message["payload"]["schema"] == schema(topic.record)
        assert [one["fingerprint"] for one in message["x-versions"]] == [
            one.fingerprint.hex() for one in published(topic.record)
        ]
        assert ("Tombstone" in channel["messages"]) == has_tombstones(topic)


def test_keys_and_headers_of_records_are_as_stated() -> None:
    batches = history(80, 5, partitions=12, name=lambda topic: topic.base, encode=record_codec().encode)
    for told in (told for batch in batches for told in batch.told):
        assert re.search(KEYS[told.topic][1], told.key)
        message = DOCUMENT["components"]["messages"][told.topic.record]
        assert re.search(message["bindings"]["kafka"]["key"]["pattern"], told.key)
        headers = dict(message["headers"]["properties"])
        for name, value in told.all_headers:
            assert re.search(headers[name].get("pattern", ""), (value or b"").decode())


def test_the_words_name_what_the_code_has() -> None:
    """Put in from the declarations; what they cannot be put into is held here."""
    description = DOCUMENT["info"]["description"]
    terminal = description.partition("terminal outcome: ")[2].partition(".")[0]
    assert terminal == ", ".join(f"`{kind.value}`" for kind in OutcomeKind if kind.is_terminal)
    assert all(f"`{kind.value}`" in description for kind in OutcomeKind)
    assert all(f"`{change.value}`" in description for change in Change)
    assert all(f"`{topic.base}`" in description for topic in for_others())
    assert f"{CURRENT.tombstones_ms // 86_400_000} days on `{CURRENT.base}`" in description
    for field in re.findall(r"`([a-z]+_[a-z_]+)`", description):
        assert field in json.dumps(DOCUMENT["components"]) or field in {"read_committed", "needs_review"} | _outside()


def _outside() -> set[str]:
    """Words of the text that are no fields: facts of outcomes at CINX."""
    return {"workflow_status", "procurement_status", "erp_status"}


def test_the_version_grows_with_each_published_schema() -> None:
    assert DOCUMENT["info"]["version"] == version() == f"1.{len(growth())}.0"
    assert len(growth()) == sum(len(published(record)) for record in records())


def test_the_change_log_says_which_fields_a_version_brought() -> None:
    told = {(one.record, one.version): one for one in growth()}
    assert told["ChangeOrderObserved", 1].fields == ()
    assert set(told["ChangeOrderObserved", 2].fields) == {"approved_seen_at", "change_order.decided_on"}
    assert told["ChangeOrderObserved", 1].release == "0.1.0"
    assert ("0.1.0", OBSERVED) in beginnings(for_others())
    assert "change_order.items.client_price" in paths(schema("ChangeOrderObserved"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_from_its_bytes_in_both_formats(name: str) -> None:
    sample = SAMPLES[name]
    topic = next(topic for topic in ALL if topic.base == sample["topic"])
    if sample["value"] is None:
        assert has_tombstones(topic)
        return
    assert sample["schema"].endswith(f"/{topic.record}/{len(published(topic.record))}.avsc")
    codec, kind = record_codec(SampleRegistry()), RECORD_TYPES[topic.record]
    for encoded in (sample["single_object"], sample["confluent"]["bytes"]):
        assert spelt(codec.decode(base64.b64decode(encoded), kind)) == sample["value"]
    assert base64.b64decode(sample["single_object"])[:2] == b"\xc3\x01"
    head = base64.b64decode(sample["confluent"]["bytes"])[:5]
    assert head == b"\x00" + sample["confluent"]["schema_id"].to_bytes(4, "big")


def test_there_is_a_sample_of_every_kind() -> None:
    of_topic = {topic: [one for one in SAMPLES.values() if one["topic"] == topic.base] for topic in for_others()}
    assert all(of_topic.values())
    assert {one["value"]["change"] for one in of_topic[OBSERVED]} == {change.value for change in Change}
    assert {f"outcome-{kind.value}" for kind in OutcomeKind} <= SAMPLES.keys()
    assert {"current-tombstone", "letter-tombstone", "letter-rejected", "letter-needs_review"} <= SAMPLES.keys()
    prices = [one["value"]["change_order"]["client_price"] for one in of_topic[OBSERVED]]
    assert all(re.fullmatch(r"\d+\.\d{4}", price) for price in prices), "text, exactly"
    assert of_topic[AUDIT]


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if given.get("id"):
            self.ids.add(given["id"] or "")
        self.links += [value for name, value in attrs if name in {"href", "src"} and value]


def test_the_page_loads_nothing_and_its_links_lead_somewhere() -> None:
    page = Page()
    page.feed(PAGE)
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert "@import" not in PAGE
    assert "url(" not in PAGE
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else (FOLDER / link).exists(), link
    assert {f"#{short(topic)}" for topic in for_others()} <= set(page.links)


def test_the_page_shows_every_field() -> None:
    for topic in for_others():
        assert all(f"<code>{path}</code>" in PAGE for path in paths(schema(topic.record)))
