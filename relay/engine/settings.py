"""The environment variables, all with the prefix ``COR_``. Secrets are only ever names of files."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from relay.clients.http.hosts import Proxy
from relay.engine.configuration.problems import Problem, SettingsError, nearest, shown, shown_address
from relay.engine.configuration.values import Address, read_login, read_name
from relay.engine.telemetry.logging import LogFormat, LogLevel

PREFIX = "COR_"

_SERVER = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):([1-9]\d{0,4})")
_HOST = re.compile(r"\.?[a-z0-9_-][a-z0-9._-]*|[0-9a-f:]+")
_TOPIC_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,100}")
_INSTANCE = re.compile(r"[A-Za-z0-9._-]{1,200}")

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


def _servers(text: str) -> str:
    servers = [server.strip() for server in text.split(",")]
    if all((parts := _SERVER.fullmatch(server)) and int(parts[2]) < 65536 for server in servers):
        return ",".join(servers)
    raise ValueError("host:port, or several with commas between them")


def _topic_prefix(text: str) -> str:
    if _TOPIC_PREFIX.fullmatch(text):
        return text
    raise ValueError("at most 100 letters, digits, dots, hyphens and underscores")


def _instance(text: str) -> str:
    if _INSTANCE.fullmatch(text):
        return text
    raise ValueError("at most 200 letters, digits, dots, hyphens and underscores")


def _readable_file(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise ValueError(f"the name of a file that can be read ({error.strerror})") from None
    return path


File = Annotated[Path, AfterValidator(_readable_file)]


def _hosts(text: str) -> str:
    names = [name.strip().lower() for name in text.split(",")]
    if all(_HOST.fullmatch(name) for name in names):
        return ",".join(names)
    raise ValueError("a host, or a suffix of names that begins with a dot, or several with commas between them")


_DATABASE = re.compile(
    r"sqlite:///(?P<file>.+)|postgres(?:ql)?://(?:[^\s:@/]+@)?[^\s:@/]+(?::\d{1,5})?/[^\s/?]+(?:\?\S*)?", re.DOTALL
)


def _database(text: str) -> str:
    if _DATABASE.fullmatch(text):
        return text.replace("postgres://", "postgresql://", 1)
    raise ValueError("sqlite:///FILE, or postgresql://USER@HOST:PORT/DATABASE without a password")


_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def _header(text: str) -> str:
    if _HEADER.fullmatch(text):
        return text.lower()
    raise ValueError("the name of an HTTP header, such as X-Forwarded-User")


def _networks(text: str) -> str:
    try:
        return ",".join(str(ip_network(one.strip())) for one in text.split(","))
    except ValueError:
        raise ValueError("an address or a network (10.0.0.7, 10.0.0.0/24), or several with commas between") from None


class Settings(BaseSettings):
    """What the environment says. Times are seconds.

    Made directly it raises pydantic's ``ValidationError``; programs use :func:`read_settings`.
    """

    # A variable that is set to nothing is one that is not set.
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    kafka_bootstrap_servers: Annotated[str, AfterValidator(_servers)]
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
    topic_prefix: Annotated[str, AfterValidator(_topic_prefix)] = ""
    instance: Annotated[str, AfterValidator(_instance)] | None = None
    metrics_address: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.JSON
    http_proxy: Address | None = None
    http_proxy_except: Annotated[str, AfterValidator(_hosts)] | None = None
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
    views_url: Annotated[str, AfterValidator(_database)] | None = None
    views_password_file: File | None = None
    web_address: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    web_hosts: Annotated[str, AfterValidator(_hosts)] | None = None
    web_decisions: bool = False
    web_user_header: Annotated[str, AfterValidator(_header)] | None = None
    web_proxy: Annotated[str, AfterValidator(_networks)] | None = None
    web_key_file: File | None = None

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
        if self.views_url is not None and (named := _DATABASE.fullmatch(self.views_url)) and named["file"]:
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
        problems = [*_sasl(self), *_ssl(self), *_registry(self), *_proxy(self), *_views(self), *_decisions(self)]
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


def _decisions(settings: Settings) -> Iterator[Problem]:
    stated, missing = _stated(settings, ("web_user_header", "web_proxy"))
    if settings.web_decisions:
        yield from _missing(missing, "with COR_WEB_DECISIONS: decisions are those of people whom a stated proxy names")
    elif len(stated) == 1:
        yield from _missing(missing, "since a header counts only where the proxy that sets it is stated")


def _stated(settings: Settings, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of the fields have a value, and which have none."""
    stated = [name for name in names if getattr(settings, name) is not None]
    return stated, [name for name in names if name not in stated]


def _missing(fields: Sequence[str], why: str) -> Iterator[Problem]:
    return (_problem(field, "nothing", f"a value, {why}") for field in fields)


def _useless(fields: Sequence[str], where: str) -> Iterator[Problem]:
    return (_problem(field, "a value", f"only {where}") for field in fields)
