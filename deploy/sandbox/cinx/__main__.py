"""Serves a simulated CINX company."""

from __future__ import annotations

import sys

from deploy.sandbox.cinx.company import Company
from deploy.sandbox.cinx.defaults import add_defaults
from deploy.sandbox.cinx.guids import named
from deploy.sandbox.cinx.service import Service
from deploy.sandbox.shell import Clock, main

EMAIL = "relay@acme.example"
PASSWORD = "sandbox-password"  # noqa: S105 - opens nothing but this simulation
TOKEN = named("api token")


def make(clock: Clock) -> Service:
    """A company with its default purchase orders and cost codes."""
    company = Company(clock, EMAIL, PASSWORD, TOKEN)
    add_defaults(company)
    return Service(company)


if __name__ == "__main__":
    sys.exit(main("cinx", make))
