"""The image, built as ``make image`` builds it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

NAME = "change-order-relay:proof"

VARIABLES = {"COR_PROOF_IMAGE": NAME}
"""How the command that runs beside the engine finds the image."""


def build(*arguments: str, variables: Sequence[str] = ()) -> None:
    """Builds it with the engine that ``CONTAINER_ENGINE`` names. Raises ``CalledProcessError``.

    ``arguments`` are the engine's; ``variables`` are make's, as ``NAME=value``.
    """
    command = ["make", "image", f"IMAGE={NAME}", f"IMAGE_ARGS={' '.join(arguments)}", *variables]
    subprocess.run(command, cwd=CHECKOUT, check=True)
