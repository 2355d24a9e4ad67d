"""The simulators, each one process for all tests, as new at the beginning of every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.sandbox.process import Simulated, simulated
from relay.clients.cinx import CinxClient
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.http.remote import ClientOptions
from relay.clients.procore import ProcoreClient

EMAIL, PASSWORD = "relay@acme.example", "sandbox-password"
OPTIONS = ClientOptions(deadline=5.0, step=2.0)


@pytest.fixture(scope="module")
def procore_process() -> Iterator[Simulated]:
    with simulated("procore") as sandbox:
        yield sandbox


@pytest.fixture
def procore_sandbox(procore_process: Simulated) -> Simulated:
    procore_process.reset()
    return procore_process


@pytest.fixture
def procore(procore_sandbox: Simulated) -> Iterator[ProcoreClient]:
    with ProcoreClient(
        company_id=4200,
        client_id="sandbox-client",
        client_secret="sandbox-secret",
        api_url=procore_sandbox.url,
        login_url=procore_sandbox.url,
        options=OPTIONS,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def cinx_process() -> Iterator[Simulated]:
    with simulated("cinx") as sandbox:
        yield sandbox


@pytest.fixture
def cinx_sandbox(cinx_process: Simulated) -> Simulated:
    cinx_process.reset()
    return cinx_process


@pytest.fixture
def cinx(cinx_sandbox: Simulated) -> Iterator[CinxClient]:
    with CinxClient(email=EMAIL, password=PASSWORD, base_url=cinx_sandbox.url, options=OPTIONS) as client:
        yield client


@pytest.fixture(scope="module")
def constructiononline_process() -> Iterator[Simulated]:
    with simulated("constructiononline") as sandbox:
        yield sandbox


@pytest.fixture
def constructiononline_sandbox(constructiononline_process: Simulated) -> Simulated:
    constructiononline_process.reset()
    constructiononline_process.people("load_samples")
    return constructiononline_process


@pytest.fixture
def constructiononline(constructiononline_sandbox: Simulated) -> Iterator[ConstructionOnlineClient]:
    with ConstructionOnlineClient(
        email=EMAIL,
        password=PASSWORD,
        api_key="sandbox-api-key",
        base_url=f"{constructiononline_sandbox.url}/api",
        options=OPTIONS,
    ) as client:
        yield client
