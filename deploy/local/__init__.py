"""Kafka and a schema registry for local use and tests.

Both are found in the same order: what the environment names (``COR_KAFKA_BOOTSTRAP_SERVERS``,
``COR_SCHEMA_REGISTRY_URL``), a container where a Docker engine answers, or the released programs
themselves on the local Java 17, fetched with Maven. Whatever was started ends with the process
that started it, however that process ends.
"""

from __future__ import annotations

from deploy.local.choice import broker, kafka, registry
from deploy.local.services import Broker, Kafka, NothingToRunOn, Registry, StartFailed

__all__ = [
    "Broker",
    "Kafka",
    "NothingToRunOn",
    "Registry",
    "StartFailed",
    "broker",
    "kafka",
    "registry",
]
