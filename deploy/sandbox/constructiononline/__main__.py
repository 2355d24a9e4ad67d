"""Serves a simulated ConstructionOnline account."""

from __future__ import annotations

import sys

from deploy.sandbox.constructiononline.account import Account
from deploy.sandbox.constructiononline.credentials import Credentials
from deploy.sandbox.constructiononline.service import Service
from deploy.sandbox.shell import Clock, main

EMAIL = "relay@acme.example"
PASSWORD = "sandbox-password"  # noqa: S105 - opens nothing but this simulation
API_KEY = "sandbox-api-key"


def make(clock: Clock) -> Service:
    """An empty account."""
    return Service(Account(clock), Credentials(EMAIL, PASSWORD, API_KEY))


if __name__ == "__main__":
    sys.exit(main("constructiononline", make))
