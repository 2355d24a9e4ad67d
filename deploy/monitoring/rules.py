"""The alerts as Prometheus itself reads them: those of the PrometheusRule, without the wrapping."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

from deploy.kubernetes.alerts import groups

FILE = Path(__file__).parent / "rules.yaml"

_HEAD = """\
# `make manifests` writes these from deploy/kubernetes/components/monitoring/rules.yaml; `make alerts` proves them.
# They go by the labels that the Prometheus operator gives to what it collects: container, endpoint and pod.
"""


def document() -> str:
    """The file's text."""
    text = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.width = 1000
    writer.dump(groups(), text)
    return _HEAD + text.getvalue()
