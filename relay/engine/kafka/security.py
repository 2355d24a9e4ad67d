"""How a client proves who it is, and checks who answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from relay.clients.http.secret import UnusableSecret, secret_in
from relay.domain.failures import Fatal

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Kafka's own names and values; the defaults are those of a cluster without any security.

    Files are read anew for each client, so that a renewed password or certificate is taken over
    when a client is made again. Raises ``Fatal`` for a protocol or mechanism that is none.
    """

    protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password_file: Path | None = field(default=None, repr=False)
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None

    def __post_init__(self) -> None:
        # The client would take an unknown protocol for none at all, and send everything in the clear.
        if self.protocol not in PROTOCOLS:
            raise Fatal(_not_allowed("COR_KAFKA_SECURITY_PROTOCOL", self.protocol, PROTOCOLS))
        if self.protocol.startswith("SASL") and self.sasl_mechanism not in MECHANISMS:
            raise Fatal(_not_allowed("COR_KAFKA_SASL_MECHANISM", self.sasl_mechanism, MECHANISMS))

    def client_settings(self) -> dict[str, object]:
        """kafka-python's settings. Raises ``Fatal`` where the password's file cannot be read or used."""
        settings = {
            "security_protocol": self.protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self._password(),
            "ssl_cafile": _text(self.ssl_ca_file),
            "ssl_certfile": _text(self.ssl_cert_file),
            "ssl_keyfile": _text(self.ssl_key_file),
        }
        return {name: value for name, value in settings.items() if value is not None}

    def _password(self) -> str | None:
        if self.sasl_password_file is None:
            return None
        try:
            return secret_in(self.sasl_password_file)
        except OSError as error:
            raise Fatal(
                f"COR_KAFKA_SASL_PASSWORD_FILE names {self.sasl_password_file}, which cannot be read: {error.strerror}"
            ) from None
        except UnusableSecret as error:
            raise Fatal(f"COR_KAFKA_SASL_PASSWORD_FILE cannot be used: {error}") from None


def _not_allowed(name: str, found: str | None, allowed: tuple[str, ...]) -> str:
    return f"{name} is {found!r}; allowed are {', '.join(allowed)}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
