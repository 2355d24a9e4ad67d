from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from relay.engine.configuration import ConfigurationError
from relay.engine.settings import SaslMechanism, SecurityProtocol, Settings, read_settings, variable
from relay.engine.telemetry.logging import LogFormat, LogLevel
from relay.engine.topics import WRAPPING_BYTES

ROOT = Path(__file__).parents[3]
LEAST = {"COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092"}


def _refused(environment: dict[str, str]) -> dict[str, tuple[str, str]]:
    with pytest.raises(ConfigurationError) as refused:
        read_settings(environment)
    return {problem.key: (problem.found, problem.allowed) for problem in refused.value.problems}


def test_the_servers_are_all_that_is_required() -> None:
    settings = read_settings(LEAST)
    assert settings.kafka_bootstrap_servers == "127.0.0.1:9092"
    assert settings.kafka_security_protocol is SecurityProtocol.PLAINTEXT
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.JSON)
    assert (settings.topic_prefix, settings.instance, settings.metrics_port) == ("", None, 0)


def test_without_servers_the_message_says_what_is_wanted() -> None:
    assert _refused({}) == {
        "COR_KAFKA_BOOTSTRAP_SERVERS": (
            "nothing",
            "host:port of a Kafka broker, or several with commas between them",
        )
    }


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", "a:1, b:2")
    monkeypatch.setenv("COR_LOG_FORMAT", "console")
    monkeypatch.setenv("COR_INSTANCE", "")
    settings = read_settings()
    assert settings.kafka_bootstrap_servers == "a:1,b:2"
    assert (settings.log_format, settings.instance) == (LogFormat.CONSOLE, None)


def test_every_wrong_variable_is_listed() -> None:
    wrong = {
        "COR_KAFKA_BOOTSTRAP_SERVERS": "broker",
        "COR_METRICS_PORT": "tcp://10.0.0.1:80",
        "COR_LOG_LEVEL": "loud",
        "COR_INSTALLATION": "Main Office",
        "COR_SESSION_TIMEOUT": "1",
    }
    refused = _refused(wrong)
    assert set(refused) == set(wrong)
    assert refused["COR_LOG_LEVEL"] == ("'loud'", "debug, info, warning or error")
    assert "host:port" in refused["COR_KAFKA_BOOTSTRAP_SERVERS"][1]


@pytest.mark.parametrize("servers", ["broker", "broker:0", "broker:70000", "a:1,,b:2", "kafka://a:1"])
def test_servers_need_a_host_and_a_port(servers: str) -> None:
    assert set(_refused({"COR_KAFKA_BOOTSTRAP_SERVERS": servers})) == {"COR_KAFKA_BOOTSTRAP_SERVERS"}


@pytest.mark.parametrize("servers", ["broker:9092", "[::1]:9092", "a.b-c.example:1,d:65535"])
def test_servers_may_be_names_and_addresses(servers: str) -> None:
    assert read_settings({"COR_KAFKA_BOOTSTRAP_SERVERS": servers}).kafka_bootstrap_servers == servers


def test_a_slip_in_a_variables_name_is_refused() -> None:
    assert _refused(LEAST | {"COR_TOPIC_PREFX": "test-"}) == {
        "COR_TOPIC_PREFX": ("an unknown variable", "COR_TOPIC_PREFIX")
    }


def test_variables_that_kubernetes_makes_of_a_service_are_none_of_ours() -> None:
    made = {
        "COR_METRICS_SERVICE_HOST": "10.0.0.1",
        "COR_METRICS_SERVICE_PORT": "9464",
        "COR_METRICS_PORT_9464_TCP": "tcp://10.0.0.1:9464",
        "COR_METRICS_PORT_9464_TCP_ADDR": "10.0.0.1",
        "COR_CRASH_AT": "",
    }
    assert read_settings(LEAST | made).metrics_port == 0


def test_sasl_needs_all_of_its_variables() -> None:
    assert set(_refused(LEAST | {"COR_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"})) == {
        "COR_KAFKA_SASL_MECHANISM",
        "COR_KAFKA_SASL_USERNAME",
        "COR_KAFKA_SASL_PASSWORD_FILE",
    }


def test_sasl_variables_without_sasl_are_refused() -> None:
    refused = _refused(LEAST | {"COR_KAFKA_SASL_USERNAME": "relay", "COR_KAFKA_SASL_MECHANISM": "PLAIN"})
    assert set(refused) == {"COR_KAFKA_SASL_USERNAME", "COR_KAFKA_SASL_MECHANISM"}


def test_a_whole_login_is_taken(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("sandbox-password", encoding="utf-8")
    settings = read_settings(
        LEAST
        | {
            "COR_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "COR_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "COR_KAFKA_SASL_USERNAME": "relay",
            "COR_KAFKA_SASL_PASSWORD_FILE": str(password),
        }
    )
    assert settings.kafka_sasl_mechanism is SaslMechanism.SCRAM_SHA_512
    assert settings.kafka_sasl_password_file == password


def test_a_certificate_needs_its_key_and_ssl(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate"
    certificate.touch()
    ssl = LEAST | {"COR_KAFKA_SSL_CERT_FILE": str(certificate)}
    assert set(_refused(ssl | {"COR_KAFKA_SECURITY_PROTOCOL": "SSL"})) == {"COR_KAFKA_SSL_KEY_FILE"}
    assert set(_refused(ssl)) == {"COR_KAFKA_SSL_CERT_FILE", "COR_KAFKA_SSL_KEY_FILE"}


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    refused = _refused(LEAST | {"COR_KAFKA_SECURITY_PROTOCOL": "SSL", "COR_KAFKA_SSL_CA_FILE": str(tmp_path / "none")})
    assert "No such file" in refused["COR_KAFKA_SSL_CA_FILE"][1]


def test_a_login_of_the_registry_is_whole_and_has_a_registry() -> None:
    assert set(_refused(LEAST | {"COR_SCHEMA_REGISTRY_USERNAME": "relay"})) == {
        "COR_SCHEMA_REGISTRY_URL",
        "COR_SCHEMA_REGISTRY_PASSWORD_FILE",
    }


@pytest.mark.parametrize("name", ["relay:x", "relay\r\nX: y", "relay\u200b"])
def test_a_user_name_of_the_registry_is_one_that_basic_authentication_carries(name: str) -> None:
    assert (
        "without a colon" in _refused(LEAST | {"COR_SCHEMA_REGISTRY_USERNAME": name})["COR_SCHEMA_REGISTRY_USERNAME"][1]
    )


def test_credentials_in_an_address_are_refused_and_not_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings(LEAST | {"COR_SCHEMA_REGISTRY_URL": "https://relay:hunter2@registry.example"})
    assert "hunter2" not in str(refused.value)
    assert refused.value.key == "COR_SCHEMA_REGISTRY_URL"


@pytest.mark.parametrize("url", ["https://registry.example/?token=hunter2", "registry.example?hunter2"])
def test_a_token_in_an_address_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings(LEAST | {"COR_SCHEMA_REGISTRY_URL": url})
    assert "registry.example" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_proxy_is_off_unless_it_is_set() -> None:
    assert read_settings(LEAST | {"HTTP_PROXY": "http://proxy.example:3128"}).proxy is None
    stated = {
        "COR_HTTP_PROXY": "http://proxy.example:3128",
        "COR_HTTP_PROXY_EXCEPT": "Registry.example, .svc,2001:db8::7",
    }
    proxy = read_settings(LEAST | stated).proxy
    assert proxy is not None
    assert (proxy.url, proxy.direct) == ("http://proxy.example:3128", ("registry.example", ".svc", "2001:db8::7"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"COR_HTTP_PROXY": "http://relay:hunter2@proxy.example"},
        {"COR_HTTP_PROXY": "socks5://proxy.example"},
        {"COR_HTTP_PROXY": "proxy.example:3128"},
        {"COR_HTTP_PROXY": "http://proxy.example", "COR_HTTP_PROXY_EXCEPT": "*.example"},
        {"COR_HTTP_PROXY_EXCEPT": ".svc"},
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused(wrong: dict[str, str]) -> None:
    refused = _refused(LEAST | wrong)
    assert set(refused) == {list(wrong)[-1] if len(wrong) == 2 else "COR_HTTP_PROXY"}
    assert "hunter2" not in str(refused)


def test_the_configuration_file_is_asked_for_where_it_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="COR_CONFIG: found nothing"):
        read_settings(LEAST).configuration_file()
    assert read_settings(LEAST | {"COR_CONFIG": "relay.yaml"}).configuration_file() == Path("relay.yaml")


def test_the_shutdown_budget_holds_a_call_and_the_commits_around_it() -> None:
    settings = read_settings(LEAST | {"COR_HTTP_DEADLINE": "30", "COR_TRANSACTION_TIMEOUT": "5"})
    assert settings.shutdown_budget == pytest.approx(45)


def test_every_variable_and_its_default_stand_in_the_documentation() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(COR_\w+)` \|([^|]*)\|", text, flags=re.MULTILINE))
    assert set(rows) == {variable(field) for field in Settings.model_fields}
    defaults = {variable(name): field.default for name, field in Settings.model_fields.items()}
    stated = {name: cell.strip("` ") for name, cell in rows.items() if "`" in cell}
    for name, text in stated.items():
        default = defaults[name]
        assert text == f"{default:g}" if isinstance(default, float) else str(default)


def test_the_largest_message_is_stated_in_mebibytes() -> None:
    assert read_settings(LEAST).largest_message_bytes == WRAPPING_BYTES
    assert read_settings(LEAST | {"COR_LARGEST_MESSAGE": "4"}).largest_message_bytes == 4 * 1024 * 1024
    for wrong in ("2", "11", "4.5", "four", "-4"):
        assert set(_refused(LEAST | {"COR_LARGEST_MESSAGE": wrong})) == {"COR_LARGEST_MESSAGE"}


def test_the_largest_answer_is_stated_in_mebibytes() -> None:
    assert read_settings(LEAST).largest_answer_bytes == 32 * 1024 * 1024
    assert read_settings(LEAST | {"COR_LARGEST_ANSWER": "64"}).largest_answer_bytes == 64 * 1024 * 1024
    assert set(_refused(LEAST | {"COR_LARGEST_ANSWER": "0"})) == {"COR_LARGEST_ANSWER"}


@pytest.mark.parametrize(
    "address", ["postgresql://relay:secret@db:5432/cor", "mysql://db/cor", "/var/lib/views.sqlite"]
)
def test_an_address_of_the_tables_holds_no_password_and_names_a_known_database(address: str) -> None:
    with pytest.raises(ConfigurationError, match="COR_VIEWS_URL") as refused:
        read_settings({**LEAST, "COR_VIEWS_URL": address})
    assert "secret" not in str(refused.value)


def test_a_password_of_the_tables_goes_with_postgresql_alone(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret", encoding="utf-8")
    given = {**LEAST, "COR_VIEWS_PASSWORD_FILE": str(password)}
    with pytest.raises(ConfigurationError, match="COR_VIEWS_PASSWORD_FILE"):
        read_settings(given)
    read_settings({**given, "COR_VIEWS_URL": "postgresql://relay@db:5432/cor"})


def test_each_kafka_and_prefix_has_tables_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    files = [read_settings(LEAST).views_file, read_settings({**LEAST, "COR_TOPIC_PREFIX": "dev-"}).views_file]
    assert len(set(files)) == 2
    assert all(file.is_relative_to(tmp_path / "change-order-relay") for file in files)
    assert read_settings({**LEAST, "COR_VIEWS_URL": "sqlite:////x/y.sqlite"}).views_file == Path("/x/y.sqlite")
