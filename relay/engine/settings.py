"""The environment variables, all with the prefix ``COR_``. Secrets are only ever names of files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from relay.clients.http.hosts import Proxy
from relay.engine.configuration.problems import Problem, SettingsError, nearest, shown, shown_address
from relay.engine.configuration.values import Address, read_login, read_name
from relay.engine.setting_values import (
    DATABASE,
    File,
    read_database,
    read_days,
    read_header,
    read_hosts,
    read_instance,
    read_mail_server,
    read_mailbox,
    read_mailboxes,
    read_networks,
    read_page_address,
    read_servers,
    read_time_of_day,
    read_topic_prefix,
)
from relay.engine.telemetry.logging import LogFormat, LogLevel

PREFIX = "COR_"

_SETTLING_SECONDS = 5.0
"""For what follows the last commit: offsets, leaving the group, closing connections."""


class SecurityProtocol(StrEnum):
    """What Kafka calls ``security.protocol``."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class SaslMechanism(StrEnum):
    """Those that a name and a password are enough for."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class MailSecurity(StrEnum):
    """How the connection to the mail server is encrypted; ``NONE``: it is not."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Settings(BaseSettings):
    """What the environment says. Times are seconds.

    Made directly it raises pydantic's ``ValidationError``; programs use :func:`read_settings`.
    """

    # A variable that is set to nothing is one that is not set.
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    kafka_bootstrap_servers: Annotated[str, AfterValidator(read_servers)]
    kafka_security_protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    kafka_sasl_mechanism: SaslMechanism | None = None
    kafka_sasl_username: str | None = None
    kafka_sasl_password_file: File | None = None
    kafka_ssl_ca_file: File | None = None
    kafka_ssl_cert_file: File | None = None
    kafka_ssl_key_file: File | None = None
    schema_registry_url: Address | None = None
    schema_registry_username: Annotated[str, AfterValidator(read_login)] | None = None
    schema_registry_password_file: File | None = None
    config: Path | None = None
    installation: Annotated[str, AfterValidator(read_name)] = "default"
    topic_prefix: Annotated[str, AfterValidator(read_topic_prefix)] = ""
    instance: Annotated[str, AfterValidator(read_instance)] | None = None
    metrics_address: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.JSON
    http_proxy: Address | None = None
    http_proxy_except: Annotated[str, AfterValidator(read_hosts)] | None = None
    http_deadline: Annotated[float, Field(ge=1, le=600)] = 60.0
    largest_answer: Annotated[int, Field(ge=1, le=1024)] = 32
    # An event or command is smaller by two, and ten is what the clients are made for.
    largest_message: Annotated[int, Field(ge=3, le=10)] = 10
    send_window: Annotated[float, Field(ge=0.1, le=600)] = 10.0
    # A broker accepts 6 s to 30 min by default.
    session_timeout: Annotated[float, Field(ge=6, le=1800)] = 20.0
    # A broker accepts at most 15 min by default.
    transaction_timeout: Annotated[float, Field(ge=1, le=900)] = 10.0
    patience: Annotated[float, Field(ge=0, le=3600)] = 120.0
    views_url: Annotated[str, AfterValidator(read_database)] | None = None
    views_password_file: File | None = None
    web_address: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    web_hosts: Annotated[str, AfterValidator(read_hosts)] | None = None
    web_decisions: bool = False
    web_user_header: Annotated[str, AfterValidator(read_header)] | None = None
    web_proxy: Annotated[str, AfterValidator(read_networks)] | None = None
    web_key_file: File | None = None
    web_url: Annotated[str, AfterValidator(read_page_address)] | None = None
    mail_server: Annotated[str, AfterValidator(read_mail_server)] | None = None
    mail_security: MailSecurity = MailSecurity.STARTTLS
    mail_username: str | None = None
    mail_password_file: File | None = None
    mail_from: Annotated[str, AfterValidator(read_mailbox)] | None = None
    mail_to: Annotated[str, AfterValidator(read_mailboxes)] | None = None
    mail_at: Annotated[str, AfterValidator(read_time_of_day)] = "07:00"
    mail_days: Annotated[str, AfterValidator(read_days)] = "mon,tue,wed,thu,fri"

    @property
    def quarantine(self) -> float:
        """Seconds after which a request whose answer was lost can no longer be on its way.

        It began within the send window and ended with its deadline. Until then nothing else is written for what
        it was about: this is the number that prevents double writes.
        """
        return self.send_window + self.http_deadline

    @property
    def proxy(self) -> Proxy | None:
        """What remote systems and schema registry are reached by, or ``None`` for directly."""
        if self.http_proxy is None:
            return None
        return Proxy(self.http_proxy, tuple(self.http_proxy_except.split(",")) if self.http_proxy_except else ())

    @property
    def largest_answer_bytes(self) -> int:
        """``COR_LARGEST_ANSWER``, which is MiB, in bytes."""
        return self.largest_answer * 1024 * 1024

    @property
    def largest_message_bytes(self) -> int:
        """``COR_LARGEST_MESSAGE``, which is MiB, in bytes."""
        return self.largest_message * 1024 * 1024

    @property
    def views_file(self) -> Path:
        """SQLite's file of the tables of ``views``: the named one, else one for this Kafka and prefix."""
        if self.views_url is not None and (named := DATABASE.fullmatch(self.views_url)) and named["file"]:
            return Path(named["file"])
        mark = hashlib.sha256(f"{self.kafka_bootstrap_servers}\n{self.topic_prefix}".encode()).hexdigest()[:12]
        return _state_folder() / "change-order-relay" / f"views-{mark}.sqlite"

    @property
    def shutdown_budget(self) -> float:
        """Seconds from SIGTERM to the end: the call in hand, the commits around it, and closing.

        The grace period of whatever starts the process has to be longer.
        """
        return self.http_deadline + 2 * self.transaction_timeout + _SETTLING_SECONDS

    def configuration_file(self) -> Path:
        """``COR_CONFIG``. Raises ``SettingsError`` if it is not set."""
        if self.config is None:
            raise SettingsError([_problem("config", "nothing", "the name of the YAML file with accounts and routes")])
        return self.config

    @model_validator(mode="after")
    def _agree(self) -> Self:
        checks = (_sasl, _ssl, _registry, _proxy, _views, _page, _mail)
        problems = [problem for check in checks for problem in check(self)]
        if problems:
            raise _Disagreements(problems)
        return self


def _state_folder() -> Path:
    """Where a program keeps what it can make again (XDG Base Directory Specification)."""
    if named := os.environ.get("XDG_STATE_HOME"):
        return Path(named)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:  # A container's user need not have a home.
        return Path(tempfile.gettempdir())


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises ``SettingsError`` with every problem.

    A variable whose name is almost one of ours is refused: misspelt, it would silently not hold.
    """
    names = os.environ if environment is None else environment
    problems = _misspelt(names)
    try:
        settings = Settings() if environment is None else _from(environment)
    except ValidationError as error:
        problems += [problem for detail in error.errors(include_url=False) for problem in _translate(detail)]
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def variable(field: str) -> str:
    """The environment variable of a field of the settings."""
    return f"{PREFIX}{field.upper()}"


def _from(environment: Mapping[str, str]) -> Settings:
    fields = {name: environment[variable(name)] for name in Settings.model_fields if environment.get(variable(name))}
    return Settings.model_validate(fields)


def _misspelt(names: Mapping[str, str]) -> list[Problem]:
    fields = [field.upper() for field in Settings.model_fields]
    ours = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    # Kubernetes sets variables such as COR_METRICS_PORT_9464_TCP for a service named cor-metrics: only a slip counts.
    meant = {f"{PREFIX}{name}": nearest(name, fields, cutoff=0.85) for name in ours if name not in fields}
    return [
        Problem(file="environment", line=0, key=name, found="an unknown variable", allowed=f"{PREFIX}{other}")
        for name, other in meant.items()
        if other
    ]


def _problem(field: str, found: str, allowed: str) -> Problem:
    return Problem(file="environment", line=0, key=variable(field), found=found, allowed=allowed)


def _translate(detail: ErrorDetails) -> list[Problem]:
    context = detail.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, _Disagreements):
        return cause.problems
    field = str(detail["loc"][0])
    if detail["type"] == "missing":
        return [_problem(field, "nothing", _MEANINGS.get(field, "a value"))]
    allowed = str(cause) if cause else str(context.get("expected", detail["msg"])).replace("'", "")
    quoted = shown_address(str(detail["input"])) if "://" in str(detail["input"]) or field.endswith("_url") else None
    return [_problem(field, quoted or shown(detail["input"]), allowed)]


_MEANINGS = {"kafka_bootstrap_servers": "host:port of a Kafka broker, or several with commas between them"}


class _Disagreements(ValueError):
    """Settings that do not go together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = list(problems)


def _sasl(settings: Settings) -> Iterator[Problem]:
    names = ("kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password_file")
    stated, missing = _stated(settings, names)
    protocol = settings.kafka_security_protocol
    if protocol.startswith("SASL"):
        yield from _missing(missing, f"with {protocol}")
    else:
        yield from _useless(stated, f"with a SASL protocol, not with {protocol}")


def _ssl(settings: Settings) -> Iterator[Problem]:
    stated, missing = _stated(settings, ("kafka_ssl_cert_file", "kafka_ssl_key_file"))
    authority, _ = _stated(settings, ("kafka_ssl_ca_file",))
    protocol = settings.kafka_security_protocol
    if not protocol.endswith("SSL"):
        yield from _useless([*authority, *stated], f"with an SSL protocol, not with {protocol}")
    if len(stated) == 1:
        yield from _missing(missing, "since a certificate and its key go together")


def _registry(settings: Settings) -> Iterator[Problem]:
    stated, missing = _stated(settings, ("schema_registry_username", "schema_registry_password_file"))
    if stated and settings.schema_registry_url is None:
        yield from _missing(["schema_registry_url"], "with a login of the registry")
    if len(stated) == 1:
        yield from _missing(missing, "since name and password go together")


def _proxy(settings: Settings) -> Iterator[Problem]:
    if settings.http_proxy_except is not None and settings.http_proxy is None:
        yield from _missing(["http_proxy"], "since hosts are excepted from it")


def _views(settings: Settings) -> Iterator[Problem]:
    if settings.views_password_file is not None and not (settings.views_url or "").startswith("postgresql:"):
        yield from _useless(["views_password_file"], "with COR_VIEWS_URL of a PostgreSQL database")


def _page(settings: Settings) -> Iterator[Problem]:
    stated, missing = _stated(settings, ("web_user_header", "web_proxy"))
    if settings.web_decisions:
        yield from _missing(missing, "with COR_WEB_DECISIONS: decisions are those of people whom a stated proxy names")
    elif len(stated) == 1:
        yield from _missing(missing, "since a header counts only where the proxy that sets it is stated")


def _mail(settings: Settings) -> Iterator[Problem]:
    stated, missing = _stated(settings, ("mail_server", "mail_from", "mail_to"))
    if stated:
        yield from _missing(missing, "since a server, a sender and who gets it go together")
    login, half = _stated(settings, ("mail_username", "mail_password_file"))
    if len(login) == 1:
        yield from _missing(half, "since name and password go together")
    if login and settings.mail_security is MailSecurity.NONE:
        yield from _useless(login, "with COR_MAIL_SECURITY starttls or tls: a password is not sent in the clear")


def _stated(settings: Settings, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of the fields have a value, and which have none."""
    stated = [name for name in names if getattr(settings, name) is not None]
    return stated, [name for name in names if name not in stated]


def _missing(fields: Sequence[str], why: str) -> Iterator[Problem]:
    return (_problem(field, "nothing", f"a value, {why}") for field in fields)


def _useless(fields: Sequence[str], where: str) -> Iterator[Problem]:
    return (_problem(field, "a value", f"only {where}") for field in fields)
