"""The forms of the custom resources, as far as they are used here and no further.

Sources: Strimzi documentation, 'Custom resource API reference' (KafkaTopic and KafkaUser, v1);
Prometheus Operator documentation, 'API reference' (PodMonitor and PrometheusRule, v1).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: tuple[str, ...], **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _texts(pattern: str = "") -> Schema:
    return {"type": "object", "additionalProperties": {"type": "string", "pattern": pattern}}


_TEXT: Schema = {"type": "string", "minLength": 1}
_PERIOD: Schema = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$"}

# Kafka's own words for its operations and resources.
_ACL = _object(
    ("resource", "operations"),
    resource=_object(
        ("type", "name", "patternType"),
        type={"enum": ["topic", "group", "cluster", "transactionalId"]},
        name=_TEXT,
        patternType={"enum": ["literal", "prefix"]},
    ),
    operations={
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"enum": ["Read", "Write", "Create", "Describe", "DescribeConfigs", "AlterConfigs"]},
    },
)

_ALERT = _object(
    ("alert", "expr", "labels", "annotations"),
    alert=_TEXT,
    expr=_TEXT,
    **{"for": _PERIOD},
    labels=_texts(),
    annotations=_texts(),
)

SPECIFICATIONS: dict[tuple[str, str], Schema] = {
    ("kafka.strimzi.io/v1", "KafkaTopic"): _object(
        ("partitions", "replicas", "config"),
        topicName=_TEXT,
        partitions={"type": "integer", "minimum": 1},
        replicas={"type": "integer", "minimum": 1, "maximum": 32767},
        config={"type": "object", "additionalProperties": {"type": ["string", "integer", "number", "boolean"]}},
    ),
    ("kafka.strimzi.io/v1", "KafkaUser"): _object(
        ("authentication", "authorization"),
        authentication=_object(("type",), type={"enum": ["tls", "tls-external", "scram-sha-512"]}),
        authorization=_object(
            ("type", "acls"), type={"const": "simple"}, acls={"type": "array", "minItems": 1, "items": _ACL}
        ),
    ),
    ("monitoring.coreos.com/v1", "PodMonitor"): _object(
        ("selector", "podMetricsEndpoints"),
        selector=_object(("matchLabels",), matchLabels=_texts()),
        podMetricsEndpoints={
            "type": "array",
            "minItems": 1,
            "items": _object(("port",), port=_TEXT, path=_TEXT, interval=_PERIOD),
        },
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _object(
        ("groups",),
        groups={
            "type": "array",
            "items": _object(("name", "rules"), name=_TEXT, rules={"type": "array", "minItems": 1, "items": _ALERT}),
        },
    ),
}
