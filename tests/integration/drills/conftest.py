"""The same surroundings as where processes are killed."""

from tests.faults.conftest import submitters

__all__ = ["submitters"]
