from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.containers import kafka_image, registry_image

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(1_200)  # ten times what it takes
def test_the_demonstration_tells_its_story_with_kafka_in_a_container() -> None:
    done = subprocess.run([sys.executable, "-m", "deploy.demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for image in (kafka_image(), registry_image()):
        assert f"a container of {image}" in done.stdout
