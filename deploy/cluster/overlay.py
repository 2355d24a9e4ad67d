"""The overlay ``dev`` with what this proof puts in its place: the image, Kafka, the simulated systems, routes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

from deploy.kubernetes.rendering import OVERLAYS

NAMESPACE = "change-order-relay-dev"
_MOUNTED = "/run/secrets/change-order-relay"

SECRETS = {
    "constructiononline": {"password": "sandbox-password", "api-key": "sandbox-api-key"},
    "procore": {"client-id": "sandbox-client", "client-secret": "sandbox-secret"},
    "cinx": {"password": "sandbox-password"},
}
"""The simulated systems' own credentials, which pods mount as they mount real ones."""

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      base_url: {constructiononline}/api
      allow_http: true
      email: relay@acme.example
      password_file: {mounted}/constructiononline/password
      api_key_file: {mounted}/constructiononline/api-key
      poll_interval: 5s
  procore:
    acme:
      api_url: {procore}
      allow_http: true
      login_url: {procore}
      company_id: 4200
      requests_per_hour: 100000
      requests_per_10_seconds: 1000
      client_id_file: {mounted}/procore/client-id
      client_secret_file: {mounted}/procore/client-secret
  cinx:
    acme:
      base_url: {cinx}
      allow_http: true
      email: relay@acme.example
      password_file: {mounted}/cinx/password
      requests_per_second: 50
routes:
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    mode: live
    history: true
    cost_codes: {{"371": "26-500"}}
    targets:
      - {{name: owner, system: procore, account: acme,
         project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
      - {{name: fixtures, system: cinx, account: acme, purchase_order: PO-124}}
"""

_PULL = """
- op: add
  path: /spec/template/spec/containers/0/imagePullPolicy
  value: IfNotPresent
"""


class Overlay:
    """A kustomization in ``folder``. ``kafka`` and ``remotes`` are addresses that pods reach; ``host`` is theirs."""

    def __init__(self, folder: Path, image: str, *, host: str, kafka: str, remotes: Mapping[str, str]) -> None:
        self.folder = folder
        self._host, self._kafka = host, kafka
        self._image = image
        self.right = CONFIGURATION.format(mounted=_MOUNTED, **remotes)

    @property
    def wrong(self) -> str:
        """The configuration with a mistake that a person makes."""
        return self.right.replace("contract_id:", "contract_no:")

    def write(self, configuration: str) -> Path:
        """All files; returns the folder."""
        (self.folder / "cor.yaml").write_text(configuration, encoding="utf-8")
        with (self.folder / "kustomization.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(self._kustomization(), file)
        with (self.folder / "way-out.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(self._way_out(), file)
        return self.folder

    def _kustomization(self) -> dict[str, object]:
        name, _, tag = self._image.rpartition(":")
        settings = [f"COR_KAFKA_BOOTSTRAP_SERVERS={self._kafka}", "COR_HTTP_DEADLINE=10"]
        secrets = [
            {"name": system, "literals": [f"{file}={text}" for file, text in files.items()]}
            for system, files in SECRETS.items()
        ]
        return {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": NAMESPACE,
            "resources": [os.path.relpath(OVERLAYS / "dev", self.folder.resolve()), "way-out.yaml"],
            "images": [{"name": "registry.example/change-order-relay", "newName": name or tag, "newTag": tag}],
            "configMapGenerator": [
                {"name": "settings", "behavior": "merge", "literals": settings},
                {"name": "configuration", "behavior": "replace", "files": ["cor.yaml"]},
            ],
            "secretGenerator": secrets,
            "patches": [{"patch": _PULL, "target": {"kind": "StatefulSet|Job|Deployment"}}],
        }

    def _way_out(self) -> dict[str, object]:
        """Kafka and the simulated systems are at one address, on ports of their own."""
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "simulated-systems"},
            "spec": {
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "change-order-relay"}},
                "policyTypes": ["Egress"],
                "egress": [
                    {
                        "to": [{"ipBlock": {"cidr": f"{self._host}/32"}}],
                        "ports": [{"protocol": "TCP", "port": 1024, "endPort": 65535}],
                    }
                ],
            },
        }
