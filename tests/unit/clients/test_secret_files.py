from __future__ import annotations

from pathlib import Path

import pytest

from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.http.secret import UnusableSecret, read_secret, secret_file, secret_in
from relay.domain.failures import Fatal, TenantBlocked
from relay.engine.kafka import Security
from tests.unit.clients.remote import FakeRemote, answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "api-key"


@pytest.mark.parametrize(
    "content",
    [b"key-1", b"\xef\xbb\xbfkey-1", b"\xef\xbb\xbfkey-1\r\n", b"  key-1 \t\n\n", "\u00a0key-1\u3000\n".encode()],
    ids=["plain", "byte order mark", "mark and line end", "blanks around", "other blanks around"],
)
def test_what_stands_around_a_secret_does_not_belong_to_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert secret_in(file) == "key-1"


@pytest.mark.parametrize("secret", ["pass word", "pässwörd", "日本語", "p\u0301"])
def test_blanks_and_letters_of_any_script_belong_to_a_secret(file: Path, secret: str) -> None:
    file.write_text(secret, encoding="utf-8")
    assert secret_in(file) == secret


UNUSABLE = [
    (b"key-1\n# issued to the office", "second line"),
    (b"key-1\rkey-2", "second line"),
    ("key-1\u2028key-2".encode(), "second line"),
    (b"key\x00-1", "U+0000"),
    (b"key\t-1", "U+0009"),
    (b"key\x7f-1", "U+007F"),
    ("key\u200b-1".encode(), "ZERO WIDTH SPACE, U+200B"),
    ("key-1\u200d".encode(), "ZERO WIDTH JOINER"),
    ("key\u00a0-1".encode(), "NO-BREAK SPACE"),
    ("key\u00ad-1".encode(), "SOFT HYPHEN"),
    ("\ufeff\ufeffkey-1".encode(), "U+FEFF"),
    ("key-1".encode("utf-16"), "UTF-16"),
    (b"key\xff-1", "no text in UTF-8"),
    (b"", "is empty"),
    (b"\xef\xbb\xbf\r\n", "is empty"),
    (b"k" * 65_537, "larger than 65536 bytes"),
]


@pytest.mark.parametrize(("content", "fault"), UNUSABLE, ids=[ascii(content[:20]) for content, _ in UNUSABLE])
def test_a_secret_that_nobody_meant_is_refused_with_its_file_and_its_fault(
    file: Path, content: bytes, fault: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(TenantBlocked) as blocked:
        read_secret(secret_file(file))
    assert str(file) in str(blocked.value)
    assert fault in str(blocked.value)
    assert "key" not in str(blocked.value).replace(str(file), "")


def test_a_device_named_as_a_secret_is_not_read_to_its_end() -> None:
    with pytest.raises(UnusableSecret, match="/dev/zero is larger"):
        secret_in("/dev/zero")


def test_a_key_that_no_header_carries_blocks_the_account_and_is_not_sent() -> None:
    remote = FakeRemote()
    remote.on("GET", "/api/ChangeOrders", answer([]))
    client = ConstructionOnlineClient(
        email="relay@acme.example", password="pass-word", api_key="schlüssel", base_url="https://co.test/api",
        options=remote.options(),
    )  # fmt: skip
    with pytest.raises(TenantBlocked, match="no header can carry"):
        client.change_orders()
    assert remote.requests == []


@pytest.mark.parametrize(
    ("content", "fault"), [(b"\xff\xfe\x00", "UTF-16"), (b"\xfa\x00", "no text"), (b"\n", "empty")]
)
def test_a_kafka_password_that_is_no_text_is_told_with_variable_and_file(
    file: Path, content: bytes, fault: str
) -> None:
    file.write_bytes(content)
    security = Security(
        protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-512", sasl_username="relay", sasl_password_file=file
    )
    with pytest.raises(Fatal, match="COR_KAFKA_SASL_PASSWORD_FILE") as refused:
        security.client_settings()
    assert str(file) in str(refused.value)
    assert fault in str(refused.value)
