"""The contract as an AsyncAPI 3 document."""

from __future__ import annotations

import json
from typing import Any

from docs.contract_files.promises import BROKERS, TRACED, promises, version
from docs.contract_files.samples import Sample
from relay.engine.letters import SETTLED_HEADER
from relay.engine.provision.declared import declared_topics
from relay.engine.telemetry.tracing import TRACE_HEADERS
from relay.engine.topics import ALL, AUDIT, CURRENT, DIRECTORY, LETTERS, OBSERVED, OUTCOMES, WRITES, Cleanup, Topic
from schemas import published, schema_text

_BINDING = "0.5.0"
_AVRO = "application/vnd.apache.avro+json;version=1.9.0"
_TOMBSTONE = "Tombstone"

KEYS: dict[Topic, tuple[str, str]] = {
    **dict.fromkeys(
        (OBSERVED, CURRENT, OUTCOMES, WRITES), ("{system}:{account}:{change order id}", r"^[a-z]+:[^:/]+:.+$")
    ),
    LETTERS: ("the letter's id", r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    DIRECTORY: ("{system}:{account}/{kind}:{id}", r"^[a-z]+:[^:/]+/[a-z_]+:.+$"),
    AUDIT: ("what it was done to: a change order's key, or the name of another thing", r"^.+$"),
}
"""How keys read, and the pattern that they have."""

TITLES = {
    OBSERVED: "Every change that was seen",
    CURRENT: "How each change order stands now",
    OUTCOMES: "What became of it at each target",
    LETTERS: "What could not be done, and why",
    WRITES: "What each answered call wrote, with amounts before and after",
    DIRECTORY: "Projects, contracts and purchase orders, by number and name",
    AUDIT: "Who did what, when and why",
}


def document(samples: list[Sample]) -> dict[str, Any]:
    """The document: the relay sends, others receive."""
    topics = for_others()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Change orders",
            "version": version(),
            "description": promises(),
        },
        "defaultContentType": "application/vnd.apache.avro",
        "channels": {short(topic): _channel(topic) for topic in topics},
        "operations": {
            f"send-{short(topic)}": {
                "action": "send",
                "title": TITLES[topic],
                "channel": {"$ref": f"#/channels/{short(topic)}"},
            }
            for topic in topics
        },
        "components": {"messages": _messages(topics, samples)},
    }


def for_others() -> list[Topic]:
    """The topics of the contract, in the order in which they are declared."""
    return [topic for topic in TITLES if topic in ALL and topic.for_others]


def short(topic: Topic) -> str:
    """``dead-letters`` for ``change-orders.dead-letters.v1``."""
    return topic.base.removeprefix("change-orders.").rpartition(".v")[0]


def has_tombstones(topic: Topic) -> bool:
    """Whether a record without a value stands for an end there. The directory says ``absent``."""
    return topic.cleanup is Cleanup.COMPACT and topic is not DIRECTORY


def _channel(topic: Topic) -> dict[str, Any]:
    spec = declared_topics("", BROKERS)[topic.base]
    names = [topic.record, *([_TOMBSTONE] if has_tombstones(topic) else [])]
    return {
        "address": topic.base,
        "title": TITLES[topic],
        "messages": {name: {"$ref": f"#/components/messages/{_message_name(topic, name)}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.base,
                "partitions": topic.partitions,
                "replicas": spec.replication,
                "topicConfiguration": {
                    name: [value] if name == "cleanup.policy" else int(value) if value.lstrip("-").isdigit() else value
                    for name, value in spec.settings.items()
                },
                "bindingVersion": _BINDING,
            }
        },
    }


def _message_name(topic: Topic, name: str) -> str:
    """``current`` carries the events of ``observed``; the others each have a record of their own."""
    return f"{short(topic)}-tombstone" if name == _TOMBSTONE else name


def _messages(topics: list[Topic], samples: list[Sample]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for topic in topics:
        found.setdefault(topic.record, _record(topic, samples))
        if has_tombstones(topic):
            found[_message_name(topic, _TOMBSTONE)] = _tombstone(topic, samples)
    return found


def _record(topic: Topic, samples: list[Sample]) -> dict[str, Any]:
    written = [sample for sample in samples if sample.topic.record == topic.record and sample.content["value"]]
    return {
        "name": topic.record,
        "title": TITLES[topic],
        "contentType": "application/vnd.apache.avro",
        "headers": _headers(topic),
        "payload": {"schemaFormat": _AVRO, "schema": json.loads(schema_text(topic.record))},
        "bindings": {
            "kafka": {
                "key": _key(topic),
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "TopicNameStrategy",
                "bindingVersion": _BINDING,
            }
        },
        "x-versions": [
            {"version": version.version, "fingerprint": version.fingerprint.hex()}
            for version in published(topic.record)
        ],
        "examples": [_example(sample) for sample in written],
    }


def _tombstone(topic: Topic, samples: list[Sample]) -> dict[str, Any]:
    ends = "The change order was deleted." if topic is CURRENT else "The letter is settled."
    return {
        "name": _TOMBSTONE,
        "title": "A record without a value",
        "summary": ends,
        "headers": _headers(topic),
        "payload": {"type": "null"},
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": _BINDING}},
        "examples": [
            _example(sample) for sample in samples if sample.topic is topic and sample.content["value"] is None
        ],
    }


def _example(sample: Sample) -> dict[str, Any]:
    return {"name": sample.name, "headers": sample.content["headers"], "payload": sample.content["value"]}


def _headers(topic: Topic) -> dict[str, Any]:
    trace = {
        "traceparent": {
            "type": "string",
            "description": 'The trace, as the W3C recommendation "Trace Context" has it.',
            "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        },
        "tracestate": {"type": "string", "description": "What tracing systems add to it."},
    }
    settled = {SETTLED_HEADER: {"type": "string", "description": "On a tombstone: why the letter is settled."}}
    properties = {name: trace[name] for name in TRACE_HEADERS} if topic in TRACED else {}
    if topic is LETTERS:
        properties |= settled
    return {"type": "object", "properties": properties}


def _key(topic: Topic) -> dict[str, Any]:
    words, pattern = KEYS[topic]
    return {"type": "string", "description": words, "pattern": pattern}
