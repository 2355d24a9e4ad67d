"""``python -m deploy.sandbox.procore --port 0``."""

from __future__ import annotations

import sys

from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.people.samples import furnish
from deploy.sandbox.procore.service import ProcoreService
from deploy.sandbox.shell import Clock, main


def make(clock: Clock) -> ProcoreService:
    """Procore with the company that it starts with."""
    return ProcoreService(furnish(Company(now=clock)))


if __name__ == "__main__":
    sys.exit(main("procore", make))
