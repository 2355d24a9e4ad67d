"""Users with exactly the rights that the manifests give, and processes that are these users."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.kubernetes.access import ACCESS, Rule
from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from relay.engine.kafka import Cluster, Connection, KafkaFailure, Security
from relay.engine.provision.declared import declared_topics
from tests.conftest import PARTITIONS
from tests.cor_process import run_cor
from tests.faults.harness import awaited

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0
PASSWORD = "password-of-the-test"

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      {{base_url: {constructiononline}/api, email: relay@acme.example, password_file: password,
       api_key_file: api-key, poll_interval: 1s, sweep_interval: 10s}}
  procore:
    acme:
      {{api_url: {procore}, login_url: {procore}, company_id: 4200, client_id_file: client, client_secret_file: secret,
       poll_interval: 1s}}
  cinx:
    acme:
      {{base_url: {cinx}, email: relay@acme.example, password_file: password, requests_per_second: 500,
       poll_interval: 1s}}
routes:
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    mode: live
    history: true
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-123}}
{more}
"""

MORE = """
  - from: {system: constructiononline, account: acme, project: 8}
    mode: live
    history: true
    targets:
      - {name: other, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}
"""


@dataclass
class Deployed:
    """Each workload as a process of its own, with the user that it has in the cluster."""

    folder: Path
    servers: str
    prefix: str
    remotes: Mapping[str, Simulated]

    def configure(self, more: str = "") -> None:
        """The routes, and ``more`` of them."""
        urls = {name: remote.url for name, remote in self.remotes.items()}
        (self.folder / "cor.yaml").write_text(CONFIGURATION.format(**urls, more=more), encoding="utf-8")

    def cor(self, workload: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the workload's user."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
        return run_cor(arguments, {**kept, **self.settings(workload)}, PATIENCE)

    def run(self, stage: str) -> subprocess.CompletedProcess[str]:
        """The stage, until nothing is left to do."""
        return self.cor(stage, "run", stage, "--once")

    def connection(self, workload: str) -> Connection:
        """What the workload's user may reach."""
        security = Security(
            protocol="SASL_PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username=self.user(workload),
            sasl_password_file=self.folder / "kafka-password",
        )
        return Connection(self.servers, security=security)

    def user(self, workload: str) -> str:
        """Its name; users belong to the whole cluster, which other tests share."""
        return f"{self.prefix}{workload}"

    def settings(self, workload: str) -> dict[str, str]:
        """The environment of a workload's process."""
        return {
            "COR_KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "COR_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "COR_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "COR_KAFKA_SASL_USERNAME": self.user(workload),
            "COR_KAFKA_SASL_PASSWORD_FILE": str(self.folder / "kafka-password"),
            "COR_CONFIG": str(self.folder / "cor.yaml"),
            "COR_TOPIC_PREFIX": self.prefix,
            "COR_INSTANCE": f"{workload}-0",
            "COR_SESSION_TIMEOUT": "300",  # Nobody waits for one: each stage has an instance of its own.
            "COR_PATIENCE": "30",
            "COR_VIEWS_URL": f"sqlite:///{self.folder / 'views.sqlite'}",
        }


@pytest.fixture(scope="session")
def remotes() -> Iterator[dict[str, Simulated]]:
    with simulated("constructiononline") as source, simulated("procore") as procore, simulated("cinx") as cinx:
        yield {"constructiononline": source, "procore": procore, "cinx": cinx}


@pytest.fixture
def deployed(
    kafka: Kafka, cluster: Cluster, prefix: str, remotes: dict[str, Simulated], tmp_path: Path
) -> Iterator[Deployed]:
    """Topics as an operator of Kafka makes them, and the users of the manifests. Nothing is provisioned yet."""
    assert kafka.sasl_bootstrap_servers, "the named cluster has no known listener with SASL"
    files = {
        "password": "sandbox-password",
        "api-key": "sandbox-api-key",
        "client": "sandbox-client",
        "secret": "sandbox-secret",
        "kafka-password": PASSWORD,
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    for remote in remotes.values():
        remote.reset()
    cluster.create(declared_topics(prefix, brokers=1, partitions=PARTITIONS).values())
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    try:
        deployed = Deployed(tmp_path, kafka.sasl_bootstrap_servers, prefix, remotes)
        deployed.configure()
        make_users(admin, deployed)
        for access in ACCESS:  # A broker takes a moment to learn of a new user, and of rights.
            awaited(partial(is_known, deployed, access.workload), f"the broker to know {access.workload}")
        yield deployed
        for access in ACCESS:
            admin.delete_acls([everything_of(deployed.user(access.workload))])
    finally:
        admin.close()


def is_known(deployed: Deployed, workload: str) -> bool:
    """Whether the broker takes the user's password, and shows it topics."""
    try:
        with Cluster(deployed.connection(workload)) as cluster:
            return bool(cluster.topics())
    except KafkaFailure:
        return False


def make_users(admin: KafkaAdminClient, deployed: Deployed) -> None:
    """With their passwords and their rights."""
    users = {access: deployed.user(access.workload) for access in ACCESS}
    admin.alter_user_scram_credentials(
        [
            UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, PASSWORD, iterations=4096)
            for user in users.values()
        ]
    )
    rights = [acl for access, user in users.items() for acl in acls(user, access.rules(deployed.prefix))]
    assert admin.create_acls(rights)["failed"] == []


def acls(user: str, rules: Iterable[Rule]) -> Iterator[ACL]:
    """A user's rules as Kafka keeps them."""
    kinds = {
        "topic": ResourceType.TOPIC,
        "group": ResourceType.GROUP,
        "transactionalId": ResourceType.TRANSACTIONAL_ID,
    }
    operations = {
        "Read": ACLOperation.READ,
        "Write": ACLOperation.WRITE,
        "Describe": ACLOperation.DESCRIBE,
        "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    }
    for rule in rules:
        pattern = ACLResourcePatternType.PREFIXED if rule.prefixed else ACLResourcePatternType.LITERAL
        for operation in rule.operations:
            yield ACL(
                principal=f"User:{user}",
                host="*",
                operation=operations[operation],
                permission_type=ACLPermissionType.ALLOW,
                resource_pattern=ResourcePattern(kinds[rule.resource], rule.name, pattern),
            )


def everything_of(user: str) -> ACLFilter:
    """Whatever the user may do."""
    return ACLFilter(
        principal=f"User:{user}",
        host=None,
        operation=ACLOperation.ANY,
        permission_type=ACLPermissionType.ANY,
        resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
