"""What runs only beside a container engine: `make containers`, which names the image that it has built."""

from __future__ import annotations

import os

import pytest

IMAGE = os.environ.get("COR_PROOF_IMAGE")

# Without it there is nothing to prove here, and `make test` does not take minutes longer where Docker is.
collect_ignore_glob = [] if IMAGE else ["test_*.py"]


@pytest.fixture(scope="session")
def image() -> str:
    """The name of the image that is proven."""
    assert IMAGE is not None
    return IMAGE
