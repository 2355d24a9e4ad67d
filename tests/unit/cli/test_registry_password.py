from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from operations.environment import registry_of
from relay.domain.failures import Fatal
from relay.engine.settings import Settings, read_settings


def _settings(file: Path) -> Settings:
    return read_settings(
        {
            "COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
            "COR_SCHEMA_REGISTRY_URL": "https://registry.example",
            "COR_SCHEMA_REGISTRY_USERNAME": "relay",
            "COR_SCHEMA_REGISTRY_PASSWORD_FILE": str(file),
        }
    )


@pytest.mark.parametrize(("content", "fault"), [(b"\xfa\x00", "no text"), (b"a\nb", "second line"), (b"", "empty")])
def test_a_registry_password_that_cannot_be_used_is_told_with_variable_and_file(
    tmp_path: Path, content: bytes, fault: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(Fatal, match="COR_SCHEMA_REGISTRY_PASSWORD_FILE") as refused:
        registry_of(_settings(file))
    assert str(file) in str(refused.value)
    assert fault in str(refused.value)


def test_a_registry_password_with_a_byte_order_mark_is_read_without_it(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"\xef\xbb\xbfpass-word\r\n")
    registry = registry_of(_settings(file))
    assert registry is not None
    assert isinstance(registry._client.auth, httpx.BasicAuth)
    assert registry._client.auth._auth_header == "Basic cmVsYXk6cGFzcy13b3Jk"


def test_a_registry_that_is_excepted_from_the_proxy_is_asked_directly(tmp_path: Path) -> None:
    stated = {
        "COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
        "COR_SCHEMA_REGISTRY_URL": "http://registry.kafka.svc:8081",
        "COR_HTTP_PROXY": "http://proxy.example:3128",
    }
    for excepted, proxy in (({}, "http://proxy.example:3128"), ({"COR_HTTP_PROXY_EXCEPT": ".svc"}, None)):
        registry = registry_of(read_settings(stated | excepted))
        assert registry is not None
        assert registry._client.client_kwargs["proxy"] == proxy
        assert registry._client.client_kwargs["trust_env"] is False
