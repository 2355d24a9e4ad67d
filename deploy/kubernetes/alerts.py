"""``python -m deploy.kubernetes.alerts``: proves the alerts with Prometheus' own ``promtool``.

The rules lie in a PrometheusRule, which promtool does not read; what it reads is the same without
the wrapping. It reads the settings of a Prometheus without an operator, too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

MONITORING = Path(__file__).parent / "components" / "monitoring"
COLLECTING = tuple(Path(__file__).parents[1] / folder / "prometheus.yaml" for folder in ("compose", "systemd"))


def groups() -> dict[str, Any]:
    """The rules as Prometheus itself wants them."""
    with (MONITORING / "rules.yaml").open(encoding="utf-8") as file:
        spec: dict[str, Any] = YAML(typ="safe", pure=True).load(file)["spec"]
    return spec


def main() -> int:
    """Checks the rules, runs their tests, checks what collects on one machine; returns promtool's exit code."""
    promtool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if promtool is None:
        sys.stderr.write("promtool is missing: install Prometheus, or name the program with PROMTOOL\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "rules.yaml").open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(groups(), file)
        tests = shutil.copy2(MONITORING / "rules-test.yaml", folder)
        commands = (
            [promtool, "check", "rules", file.name],
            [promtool, "test", "rules", str(tests)],
            # The files that these name lie elsewhere where they are used.
            [promtool, "check", "config", "--syntax-only", *map(str, COLLECTING)],
        )
        return max(subprocess.run(command, check=False).returncode for command in commands)


if __name__ == "__main__":
    sys.exit(main())
