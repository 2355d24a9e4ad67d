"""Why a client could not connect.

kafka-python says the same of a wrong password, of another protocol and of an absent broker; a
person has to know which it is.
"""

from __future__ import annotations

import socket

from kafka import errors

from relay.domain.failures import Fatal
from relay.engine.kafka.client_log import Met
from relay.engine.kafka.failures import KafkaFailure, KafkaRefused, KafkaUnreachable, said
from relay.engine.kafka.security import Security


def explained(error: BaseException, met: Met, servers: str, security: Security) -> Exception:
    """What the failed attempt to connect to ``servers`` means, and what to look at."""
    if isinstance(error, errors.KafkaConfigurationError | OSError):
        return Fatal(f"the settings for Kafka at {servers} cannot be used: {error}")
    return _refusal(met, servers, security) or _unreachable(met, servers)


def _refusal(met: Met, servers: str, security: Security) -> KafkaRefused | None:
    if (told := _last(met, errors.SaslAuthenticationFailedError)) is not None:
        return _wrong_password(servers, security, said(told))
    for kind in (errors.UnsupportedSaslMechanismError, errors.IllegalSaslStateError):
        if (told := _last(met, kind)) is not None:
            return KafkaRefused(
                f"Kafka at {servers} refuses COR_KAFKA_SASL_MECHANISM {security.sasl_mechanism}: {told}"
            )
    handshake = next((str(one) for one in reversed(met.errors) if "SSL" in str(one) or "certificate" in str(one)), None)
    if handshake is not None:
        return KafkaRefused(
            f"no TLS with Kafka at {servers} ({handshake}): check COR_KAFKA_SSL_CA_FILE, COR_KAFKA_SSL_CERT_FILE and "
            "COR_KAFKA_SSL_KEY_FILE, and whether this listener speaks TLS (COR_KAFKA_SECURITY_PROTOCOL)"
        )
    if not met.kafka_answered:
        return None
    if security.sasl_mechanism is not None:
        return _wrong_password(servers, security, "it closes the connection when we authenticate")
    return KafkaRefused(
        f"Kafka at {servers} answers and closes the connection; its listener seems to want us to authenticate: "
        "check COR_KAFKA_SECURITY_PROTOCOL and COR_KAFKA_SASL_MECHANISM"
    )


def _wrong_password(servers: str, security: Security, words: str) -> KafkaRefused:
    return KafkaRefused(
        f"Kafka at {servers} refuses the user {security.sasl_username!r} ({words}): "
        "check COR_KAFKA_SASL_USERNAME and COR_KAFKA_SASL_PASSWORD_FILE"
    )


def _unreachable(met: Met, servers: str) -> KafkaFailure:
    refusals = [_refusal_to_connect(address) for address in servers.split(",")]
    if all(refusals):
        why = "; ".join(sorted({one for one in refusals if one}))
        return KafkaUnreachable(
            f"Kafka is not reachable at {servers} ({why}): "
            "check COR_KAFKA_BOOTSTRAP_SERVERS and whether the broker runs"
        )
    last = f" ({said(met.errors[-1])})" if met.errors else ""
    return KafkaUnreachable(
        f"{servers} accepts connections and does not answer as a Kafka broker does{last}: "
        "check COR_KAFKA_BOOTSTRAP_SERVERS and COR_KAFKA_SECURITY_PROTOCOL"
    )


def _last(met: Met, kind: type[BaseException]) -> BaseException | None:
    return next((one for one in reversed(met.errors) if isinstance(one, kind)), None)


def _refusal_to_connect(address: str) -> str | None:
    host, _, port = address.strip().rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=2.0).close()
    except (OSError, ValueError) as error:
        return str(error)
    return None
