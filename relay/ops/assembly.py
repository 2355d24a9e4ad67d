"""Puts a process together from its settings: connection, codec, registry."""

from __future__ import annotations

from relay.engine.kafka import Connection, Security
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from schemas import Codec, Registry


def connection_of(settings: Settings) -> Connection:
    """How to reach Kafka."""
    return Connection(
        settings.kafka_bootstrap_servers,
        security=Security(
            protocol=settings.kafka_security_protocol.value,
            sasl_mechanism=settings.kafka_sasl_mechanism.value if settings.kafka_sasl_mechanism else None,
            sasl_username=settings.kafka_sasl_username,
            sasl_password_file=settings.kafka_sasl_password_file,
            ssl_ca_file=settings.kafka_ssl_ca_file,
            ssl_cert_file=settings.kafka_ssl_cert_file,
            ssl_key_file=settings.kafka_ssl_key_file,
        ),
    )


def codec_of(settings: Settings) -> Codec:
    """The wire format that the settings ask for."""
    return record_codec(registry_of(settings))


def registry_of(settings: Settings) -> Registry | None:
    """The schema registry, where one is configured."""
    if settings.schema_registry_url is None:
        return None
    password = settings.schema_registry_password_file
    return Registry(
        str(settings.schema_registry_url),
        username=settings.schema_registry_username,
        password=password.read_text(encoding="utf-8").strip() if password else None,
    )
