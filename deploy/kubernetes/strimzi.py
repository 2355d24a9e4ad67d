"""The topics and users as Strimzi's custom resources, written from the code's own declarations.

Source: Strimzi documentation, 'Using the Topic Operator', 'Using the User Operator'; API version
``kafka.strimzi.io/v1``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any

from ruamel.yaml import YAML

from deploy.kubernetes.access import ACCESS, Access, Rule
from relay.engine.provision.declared import declared_topics

API = "kafka.strimzi.io/v1"
CLUSTER = "kafka"
"""The name of Strimzi's ``Kafka`` resource; an overlay for another one changes the label."""

_BROKERS = 3


def topics(prefix: str = "") -> list[dict[str, Any]]:
    """A KafkaTopic for each declared topic, as ``cor topics apply`` would make it on three brokers."""
    return [
        {
            **_head("KafkaTopic", _resource_name(name)),
            "spec": {
                **({} if _resource_name(name) == name else {"topicName": name}),
                "partitions": wish.partitions,
                "replicas": wish.replication,
                "config": {setting: _plain(value) for setting, value in wish.settings.items()},
            },
        }
        for name, wish in declared_topics(prefix, _BROKERS).items()
    ]


def users(prefix: str = "") -> list[dict[str, Any]]:
    """A KafkaUser with a password and its ACLs for each workload."""
    return [_user(access, prefix) for access in ACCESS]


def _user(access: Access, prefix: str) -> dict[str, Any]:
    return {
        **_head("KafkaUser", access.user),
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": [_acl(rule) for rule in access.rules(prefix)]},
        },
    }


def _acl(rule: Rule) -> dict[str, Any]:
    pattern = "prefix" if rule.prefixed else "literal"
    return {
        "resource": {"type": rule.resource, "name": rule.name, "patternType": pattern},
        "operations": list(rule.operations),
    }


def _head(kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}}}


def _resource_name(topic: str) -> str:
    """Kubernetes knows fewer names than Kafka."""
    return re.sub(r"[^a-z0-9.-]", "-", topic.lower()).strip(".-")


def _plain(value: str) -> str | int | bool:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if re.fullmatch(r"-?\d+", value) else value


def document(resources: Iterable[dict[str, Any]]) -> str:
    """The resources as one YAML file."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    stream.write("# Written by `make manifests` from the declarations in the code. Change those.\n")
    yaml.explicit_start = True
    yaml.dump_all(list(resources), stream)
    return stream.getvalue()
