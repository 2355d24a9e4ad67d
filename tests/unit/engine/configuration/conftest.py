from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.engine.configuration import ConfigurationError, Problem, load_configuration

ACCOUNTS = """\
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
  procore:
    acme: {company_id: 4200, client_id_file: secret, client_secret_file: secret}
  cinx:
    acme: {email: relay@acme.example, password_file: secret}
"""
"""Lines 1 to 7 of a file that is right; routes may follow from line 8."""

Write = Callable[[str], Path]
Refusals = Callable[[str], list[Problem]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a configuration beside a secret's file that is named ``secret``."""
    (tmp_path / "secret").write_text("sandbox-password\n", encoding="utf-8")

    def write_text(text: str) -> Path:
        file = tmp_path / "relay.yaml"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    return write_text


@pytest.fixture
def refusals(write: Write) -> Refusals:
    """What a configuration is refused for."""

    def load(text: str) -> list[Problem]:
        with pytest.raises(ConfigurationError) as refused:
            load_configuration(write(text))
        return list(refused.value.problems)

    return load
