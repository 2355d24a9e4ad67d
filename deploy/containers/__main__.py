"""``python -m deploy.containers COMMAND...``: builds the image and runs the command beside a container engine.

The command finds the engine by ``DOCKER_HOST`` and the image by ``COR_PROOF_IMAGE``. The exit code is the command's,
2 where there is no engine.
"""

from __future__ import annotations

import os
import subprocess
import sys

from deploy.containers import image, private_engine
from deploy.local.containers import engine_answers

CLUSTERS = ("COR_KAFKA_BOOTSTRAP_SERVERS", "COR_SCHEMA_REGISTRY_URL")
"""What would be taken in place of a container."""


def main(command: list[str]) -> int:
    """Runs the command. Returns the exit code."""
    for name in CLUSTERS:
        os.environ.pop(name, None)
    if engine_answers():
        return _beside_the_engine_that_answers(command)
    missing = private_engine.missing()
    if missing:
        print(
            f"No container engine answers, and one of our own needs {', '.join(missing)}. Start Docker, or name an "
            "engine in DOCKER_HOST (podman: `podman system service --time=0 unix://SOCKET`).",
            file=sys.stderr,
        )
        return 2
    return private_engine.run(command)


def _beside_the_engine_that_answers(command: list[str]) -> int:
    image.build()
    return subprocess.run(command, env={**os.environ, **image.VARIABLES}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
