"""The schema registry: where Confluent's wire format keeps the schemas that its ids stand for.

Over ``python-schema-registry-client``, whose errors are translated here into what may be done
about them (Confluent docs, 'Schema Registry API Reference').
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import httpx
from schema_registry.client import SchemaRegistryClient
from schema_registry.client.errors import ClientError
from schema_registry.client.schema import AvroSchema

from schemas import catalog
from schemas.failures import (
    UNKNOWN_SCHEMA,
    RegistryRefused,
    RegistryUnreachable,
    SchemaNotRegistered,
    SchemaRefused,
    Unreadable,
)

COMPATIBILITY = "BACKWARD_TRANSITIVE"


def subject_of(topic: str) -> str:
    """The subject of a topic's values."""
    return f"{topic}-value"


class Registry:
    """The schema registry at ``url``. Thread-safe; the library keeps what was answered, for ids never change.

    ``timeout``: seconds for each step of a call (connecting, sending, waiting for the answer).
    ``proxy``: the address of an HTTP proxy that it is reached by. The environment is not asked for one.
    Raises ``ValueError`` for an address that is none, or that holds a password: it is named in
    every message.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 10.0,
        proxy: str | None = None,
    ) -> None:
        self.url = _checked(url)
        # Without an own object the library sends an empty user name and password.
        auth = httpx.BasicAuth(username, password or "") if username else httpx.Auth()
        self._client = SchemaRegistryClient(url=self.url, auth=auth, timeout=httpx.Timeout(timeout))
        # Otherwise the library's client follows HTTP_PROXY and its like, and sends the login there; of the rest of
        # the environment the authorities to trust (SSL_CERT_FILE) hold as ever.
        self._client.client_kwargs |= {"trust_env": False, "proxy": proxy, "verify": httpx.create_ssl_context()}

    def id_of(self, topic: str, published: catalog.Published) -> int:
        """The id of this version of a record's schema in the subject of ``topic``. Registers nothing.

        Raises ``SchemaNotRegistered`` where it is not there, ``RegistryUnreachable`` or its
        ``RegistryRefused`` where the registry cannot be asked.
        """
        subject, name = subject_of(topic), f"version {published.version} of {published.record}"
        with self._asking(f"look up {name} in {subject}"):
            found = self._client.check_version(subject, AvroSchema(published.text))
            schema_id = None if found is None else int(found.schema_id)
        if schema_id is None:
            self._confirm()
            raise SchemaNotRegistered(
                f"the schema registry at {self.url} does not hold {name} in {subject}; "
                "run `cor schemas register` (a running worker never registers a schema)"
            )
        return schema_id

    def schema_of(self, schema_id: int) -> catalog.Schema:
        """The schema with this id.

        Raises ``Unreadable`` where there is none, or none of Avro's, and ``RegistryUnreachable`` or
        its ``RegistryRefused`` where the registry cannot be asked.
        """
        with self._asking(f"ask for schema {schema_id}"):
            found = self._parsed(schema_id)
        if found is None:
            self._confirm()
            raise Unreadable(
                f"these bytes name schema {schema_id}, which the schema registry at {self.url} does not hold; they "
                "were written with another registry, or by something else than this product",
                reason=UNKNOWN_SCHEMA,
            )
        return found

    def register(self, topic: str, record: str) -> int:
        """Registers every published version of ``record`` for ``topic``, oldest first, and returns the newest's id.

        The subject's compatibility is BACKWARD_TRANSITIVE from before the second version on.
        Repeating it changes nothing. Raises ``SchemaRefused`` where the registry refuses one, and
        ``RegistryUnreachable`` or its ``RegistryRefused`` where it cannot be asked.
        """
        versions = [AvroSchema(version.text) for version in catalog.published(record)]
        subject = subject_of(topic)
        with self._asking(f"register {record} as {subject}"):
            # Some registries know no compatibility of a subject that has no schema yet.
            there = bool(self._client.get_versions(subject))
            if there:
                self._client.update_compatibility(COMPATIBILITY, subject)
            newest = self._client.register(subject, versions[0])
            if not there:
                self._client.update_compatibility(COMPATIBILITY, subject)
            for version in versions[1:]:
                newest = self._client.register(subject, version)
        return int(newest)

    def check(self) -> None:
        """One harmless call. Raises ``RegistryUnreachable`` or its ``RegistryRefused``."""
        with self._asking("ask for the compatibility in force"):
            self._client.get_compatibility()

    def compatibility_of(self, topic: str) -> str:
        """The compatibility that the registry holds the subject of ``topic`` to."""
        with self._asking(f"ask for the compatibility of {subject_of(topic)}"):
            return str(self._client.get_compatibility(subject_of(topic)))

    def _confirm(self) -> None:
        """That what said 404 is a registry: a wrong address says so too."""
        with suppress(RegistryRefused):  # it may refuse this question, but then it is one
            self.check()

    def _parsed(self, schema_id: int) -> catalog.Schema | None:
        try:
            found = self._client.get_by_id(schema_id)
        except (ClientError, httpx.HTTPError, json.JSONDecodeError, KeyError, RecursionError):
            raise
        except Exception as error:  # noqa: BLE001 - each kind fails in its own way
            raise self._foreign(schema_id, f"{type(error).__name__}: {error}") from None
        if found is None:
            return None
        if not isinstance(found, AvroSchema) or not isinstance(found.raw_schema, dict):
            raise self._foreign(schema_id, "it is no Avro record")
        return found.raw_schema

    def _foreign(self, schema_id: int, why: str) -> Unreadable:
        return Unreadable(
            f"these bytes name schema {schema_id}, which the schema registry at {self.url} holds, but it is none of "
            f"ours ({why}); something else than this product wrote them"
        )

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._refusal(what, error) from None
        except httpx.HTTPError as error:
            raise RegistryUnreachable(
                f"the schema registry at {self.url} cannot be reached to {what}: {type(error).__name__}: {error}"
            ) from None
        except (ValueError, KeyError, AttributeError, TypeError, OverflowError, RecursionError) as error:
            raise RegistryUnreachable(
                f"what answers at {self.url} is no schema registry: asked to {what}, its answer is unreadable "
                f"({type(error).__name__}: {error}); check COR_SCHEMA_REGISTRY_URL, path included"
            ) from None

    def _refusal(self, what: str, error: ClientError) -> Exception:
        said = f"HTTP {error.http_code}: {error.server_traceback}"
        if error.http_code in {401, 403}:
            return RegistryRefused(
                f"the schema registry at {self.url} refuses to {what} ({said}); check COR_SCHEMA_REGISTRY_USERNAME and "
                "COR_SCHEMA_REGISTRY_PASSWORD_FILE",
                status=error.http_code,
            )
        if error.http_code in {409, 422}:
            return SchemaRefused(
                f"the schema registry at {self.url} will not {what} ({said}); a published schema must be readable with "
                "every later one, so this subject holds something else: see `cor schemas check`"
            )
        return RegistryUnreachable(
            f"the schema registry at {self.url} does not {what} ({said}); check COR_SCHEMA_REGISTRY_URL, path included",
            status=error.http_code,
        )


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"COR_SCHEMA_REGISTRY_URL is {url!r}, which is no http or https address")
    if parts.username or parts.password:
        raise ValueError(
            "COR_SCHEMA_REGISTRY_URL holds a user name or password; give them in COR_SCHEMA_REGISTRY_USERNAME and "
            "COR_SCHEMA_REGISTRY_PASSWORD_FILE"
        )
    return url.rstrip("/")
