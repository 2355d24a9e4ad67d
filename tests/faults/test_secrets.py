"""No secret is in anything that a whole run leaves behind: logs, topics, pages, processes, and what commands print."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

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
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.preflight import names_in
from relay.clients.http.redaction import HIDDEN
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, PlainWriter
from relay.engine.provision import record_names
from relay.engine.record_codec import record_codec
from relay.engine.topics import LETTERS, OUTCOMES
from tests.conftest import PARTITIONS
from tests.cor_process import run_cor
from tests.faults import leaving
from tests.faults.harness import PATIENCE, ROOT, awaited, end
from tests.faults.leaving import Trace, found_in
from tests.faults.tail import Tail

STAGES = (
    "poll-constructiononline",
    "poll-procore",
    "poll-cinx",
    "mapper",
    "procore-writer",
    "cinx-submitter",
    "dead-letters",
)
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows a process as files under /proc")

EMAIL = "relay@acme.example"
FILES = {
    "password": "sandbox-password",
    "api-key": "sandbox-api-key",
    "client": "sandbox-client",
    "client-secret": "sandbox-secret",
    "kafka-password": "kafka/pass+word=1",
    "wrong-password": "of yesterday/1",
}

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      {{base_url: {constructiononline}/api, email: relay@acme.example, password_file: password,
       api_key_file: api-key, poll_interval: 3s, sweep_interval: 1h}}
  procore:
    acme:
      {{api_url: {procore}, login_url: {procore}, company_id: 4200, client_id_file: client,
       client_secret_file: client-secret, poll_interval: 1s}}
  cinx:
    acme:
      {{base_url: {cinx}, email: relay@acme.example, password_file: {password}, requests_per_second: 50,
       poll_interval: 1s, search_patience: 3s}}
routes:
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    mode: live
    history: true
    cost_codes: &codes
      {{"371": "26-500", "372": "03-300", "380": "05-120", "415": "03-300", "420": "05-120", "500": "26-500"}}
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-123}}
  - from: {{system: constructiononline, account: acme, project: 1321037}}
    mode: live
    history: true
    cost_codes: *codes
    targets:
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-999}}
"""


@dataclass
class Run:
    """Each stage as a process of its own, on a Kafka that asks for a password, and everything they say."""

    folder: Path
    servers: str
    user: str
    prefix: str
    connection: Connection
    cluster: Cluster
    remotes: Mapping[str, Simulated]
    stack: ExitStack
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    left: list[Trace] = field(default_factory=list)

    def configure(self, password: str = "password") -> None:
        urls = {name: remote.url for name, remote in self.remotes.items()}
        text = CONFIGURATION.format(**urls, password=password)
        (self.folder / "cor.yaml").write_text(text, encoding="utf-8")

    def environment(self, kafka_password: str = "kafka-password") -> dict[str, str]:
        ours = {
            "COR_KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "COR_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "COR_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "COR_KAFKA_SASL_USERNAME": self.user,
            "COR_KAFKA_SASL_PASSWORD_FILE": str(self.folder / kafka_password),
            "COR_CONFIG": str(self.folder / "cor.yaml"),
            "COR_TOPIC_PREFIX": self.prefix,
            "COR_LOG_LEVEL": "debug",
            "COR_HTTP_DEADLINE": "2",
            "COR_SEND_WINDOW": "1",
            "COR_PATIENCE": "5",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
        return {**kept, **ours}

    def start(self, stage: str) -> None:
        with (self.folder / f"log of {stage}").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", "run", stage],
                cwd=ROOT,
                env={**self.environment(), "COR_INSTANCE": stage, "COR_PATIENCE": "60"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes[stage] = process
        self.stack.callback(end, process)

    def cor(self, *arguments: str, kafka_password: str = "kafka-password") -> str:
        """What a command prints belongs to what is left behind, whether it succeeds or not."""
        ended = run_cor(arguments, self.environment(kafka_password), 2 * PATIENCE)  # Beside seven processes at work.
        self.left += [(f"output of cor {' '.join(arguments)}", (ended.stdout + ended.stderr).encode())]
        return ended.stdout

    def log(self, stage: str) -> str:
        return (self.folder / f"log of {stage}").read_text(encoding="utf-8")

    def look(self) -> None:
        """At the processes while they run, and at their pages."""
        for stage, process in self.processes.items():
            self.left += leaving.process(process.pid)
            (port,) = re.findall(r'"port": (\d+), "event": "telemetry.served"', self.log(stage))
            self.left += leaving.pages(f"http://127.0.0.1:{port}")

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE) for process in self.processes.values()] == [0] * len(STAGES)

    def traces(self) -> list[Trace]:
        """All of it."""
        apart = [self.folder / name for name in FILES]
        stored = leaving.topics(self.connection, self.cluster, self.prefix)
        return [*self.left, *leaving.files(self.folder, apart), *stored]

    def secrets(self) -> list[str]:
        """All that may be nowhere, the tokens that were given out among them."""
        logins = [f"{EMAIL}:{FILES['password']}", f"{EMAIL}:{FILES['wrong-password']}"]
        logins.append(f"{FILES['client']}:{FILES['client-secret']}")
        tokens = [self.remotes["cinx"].state()["token"], *self.remotes["procore"].state()["issued_tokens"]]
        return [*FILES.values(), *logins, *tokens]


@contextmanager
def everybody(kafka: Kafka, prefix: str) -> Iterator[str]:
    """A user who may do everything with this test's topics."""
    user = f"{prefix}everybody"
    scram = ScramMechanism.SCRAM_SHA_512
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    try:
        made = UserScramCredentialUpsertion(user, scram, FILES["kafka-password"], iterations=4096)
        admin.alter_user_scram_credentials([made])
        assert admin.create_acls(list(_everything(user, prefix)))["failed"] == []
        yield user
        admin.delete_acls([_all_rights_of(user)])
        admin.alter_user_scram_credentials([UserScramCredentialDeletion(user, scram)])
    finally:
        admin.close()


def _everything(user: str, prefix: str) -> Iterator[ACL]:
    for kind in (ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID):
        yield ACL(
            principal=f"User:{user}",
            host="*",
            operation=ACLOperation.ALL,
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePattern(kind, prefix, ACLResourcePatternType.PREFIXED),
        )


def _all_rights_of(user: str) -> ACLFilter:
    return ACLFilter(
        principal=f"User:{user}",
        host=None,
        operation=ACLOperation.ANY,
        permission_type=ACLPermissionType.ANY,
        resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )


@pytest.fixture
def run(kafka: Kafka, connection: Connection, cluster: Cluster, provisioned: str, tmp_path: Path) -> Iterator[Run]:
    assert kafka.sasl_bootstrap_servers, "the named cluster has no known listener with SASL"
    for name, secret in FILES.items():
        (tmp_path / name).write_text(secret, encoding="utf-8")
    with ExitStack() as stack:
        remotes = {name: stack.enter_context(simulated(name)) for name in ("constructiononline", "procore", "cinx")}
        user = stack.enter_context(everybody(kafka, provisioned))
        made = Run(tmp_path, kafka.sasl_bootstrap_servers, user, provisioned, connection, cluster, remotes, stack)
        made.configure()
        accounts, targets = names_in(load_configuration(tmp_path / "cor.yaml"))
        codec, now = record_codec(), datetime.now(UTC)
        record_names(connection, codec, provisioned, accounts=accounts, targets=targets, now=now)
        yield made


def quoting(*secrets: str) -> str:
    """A page of a remote that quotes what it was sent, in every spelling."""
    forms = [form for one in secrets for form in (one, one.upper(), quote(one, safe=""), quote_plus(one))]
    return f"<html>Bad request: {' '.join(forms)} {json.dumps(secrets)}</html>"


def basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def what_goes_wrong(run: Run) -> None:
    """Each remote refuses and fails now and then, and quotes secrets as it does."""
    login = basic(EMAIL, FILES["password"])
    token = run.remotes["cinx"].state()["token"]
    source, procore, cinx = (run.remotes[name] for name in ("constructiononline", "procore", "cinx"))
    source.fault("status", status=500, skip=2, body=quoting(FILES["api-key"], FILES["password"], login))
    source.fault("half_body", skip=4)
    said = quoting(FILES["client"], FILES["client-secret"])
    procore.fault("status", {"path": "/oauth/token"}, status=401, body=said)
    procore.fault("status", {"method": "PATCH", "path": "sync"}, status=500, body=quoting(FILES["client-secret"]))
    said = quoting(token, FILES["password"], login, f"/2.0/sub/{token}/pocos", f"Basic {login}")
    submission = {"method": "POST", "path": "import"}
    cinx.fault("status", {"method": "GET", "path": "template"}, status=500, body=said)
    cinx.fault("status", {"method": "GET", "path": "/pocos"}, status=404, body=said)
    cinx.fault("status", submission, status=400, body=said)
    cinx.fault("apply_and_drop", submission, skip=1)
    cinx.fault("status", submission, status=500, skip=1, body=said)


@pytest.mark.longest
@needs_proc
@pytest.mark.timeout(1200)  # Seven stages at work, and beside them eleven commands; a third of it on a busy machine.
def test_no_secret_is_left_anywhere(run: Run) -> None:
    source, procore = run.remotes["constructiononline"], run.remotes["procore"]
    source.people("load_company", seed=2, change_orders=40, project_ids=[1321036, 1321037], max_items=4)
    what_goes_wrong(run)
    for stage in STAGES:
        run.start(stage)
    with (
        Tail(run.connection, [Partition(OUTCOMES.name(run.prefix), number) for number in range(PARTITIONS)]) as ends,
        Tail(run.connection, [Partition(LETTERS.name(run.prefix), number) for number in range(PARTITIONS)]) as letters,
    ):
        told: list[ChangeOrderOutcome] = []
        dead: dict[bytes | None, DeadLetter] = {}
        codec = record_codec()

        def both_have_answered() -> bool:
            told.extend(codec.decode(one.value or b"", ChangeOrderOutcome) for one in ends.read())
            dead.update((one.key, codec.decode(one.value, DeadLetter)) for one in letters.read() if one.value)
            applied = {one.system for one in told if one.kind is OutcomeKind.APPLIED}
            reasons = {one.reason for one in dead.values()}
            quoted = any(HIDDEN in one.remote_answer for one in dead.values())
            return applied == {"procore", "cinx"} and "cinx.po_not_found" in reasons and quoted

        what = "both targets to be written, and letters about refusals that quote"
        awaited(both_have_answered, what, patience=2 * PATIENCE)  # Seven processes start at once.
    bearer = procore.state()["issued_tokens"][-1]
    said = f'<html>Authorization: Bearer {bearer} {{"access_token": "{bearer}"}}</html>'  # Whoever's it is.
    fault = procore.fault("status", {"path": "^/rest"}, status=500, body=said)
    for row in source.state()["change_orders"]:
        source.people("edit_change_order", id=row["ID"], set={"NAME": f"Changed {row['ID']}"})
    awaited(lambda: _is_spent(procore, fault), "the bearer token to be quoted")
    run.look()
    commands(run, next(iter(dead.values())))
    run.stop()

    traces = run.traces()
    assert_it_was_looked_at(run, traces)
    assert found_in(traces, run.secrets()) == []


def _is_spent(remote: Simulated, fault: int) -> bool:
    return any(one["id"] == fault and one["left"] == 0 for one in remote.faults()["faults"])


def commands(run: Run, letter: DeadLetter) -> None:
    """What people type, and with a wrong password, too."""
    for words in (
        ("check", "--json"),
        ("status",),
        ("status", "--json"),
        ("trace", str(letter.change_order_key)),
        ("letters", "list"),
        ("letters", "show", letter.letter_id, "--json"),
        ("members",),
        ("topics", "diff"),
        ("replay", "--all", "--dry-run"),
    ):
        run.cor(*words)
    run.cor("status", kafka_password="wrong-password")
    run.configure("wrong-password")
    run.cor("check")
    run.configure()


def assert_it_was_looked_at(run: Run, traces: list[Trace]) -> None:
    """The search is worth something only if there was much to search."""
    left = dict(traces)
    for stage in STAGES:
        assert b"remote.call" in left[f"file log of {stage}"] or stage in ("mapper", "dead-letters")
        assert b'"level": "debug"' in left[f"file log of {stage}"]
    kinds = {place.split("[")[0].removeprefix("value of ") for place in left if place.startswith("value of ")}
    assert len(kinds) >= 10, kinds
    assert any(HIDDEN.encode() in content for content in left.values()), "nothing was hidden"
    assert sum(place.endswith("/metrics") and b"cor_" in content for place, content in traces) == len(STAGES)
    assert sum(place.startswith("cmdline") and b"-m\0cli" in content for place, content in traces) == len(STAGES)


CARELESS = """
import sys, tempfile, time
with tempfile.TemporaryFile() as kept:
    kept.write(sys.argv[1].encode())
    kept.flush()
    print("kept", flush=True)
    time.sleep(600)
"""


@needs_proc
def test_a_secret_would_be_found_wherever_it_were(run: Run) -> None:
    token, topic = run.remotes["cinx"].state()["token"], OUTCOMES.name(run.prefix)
    (run.folder / "a cache").write_text(f"x{token.upper()}x", encoding="utf-8")
    with PlainWriter(run.connection) as writer:
        writer.send(Outgoing(topic, token.encode(), b"", 0))
        writer.send(Outgoing(topic, b"", f"Basic {basic(EMAIL, FILES['password'])}".encode(), 0))
        writer.send(Outgoing(topic, b"", b"", 0, (("where", quote(FILES["kafka-password"], safe="").encode()),)))
        writer.flush()
    careless = [sys.executable, "-c", CARELESS, FILES["api-key"]]
    environment = {**os.environ, "TOKEN": token.replace("-", "")}
    with subprocess.Popen(careless, env=environment, stdout=subprocess.PIPE) as process:
        run.stack.callback(end, process)
        assert process.stdout is not None
        process.stdout.readline()
        run.left += leaving.process(process.pid)
        end(process)
    traces, everything = run.traces(), run.secrets()
    places = {place.split(" ")[0] for place, content in traces if found_in([(place, content)], everything)}
    assert places == {"file", "key", "value", "header", "cmdline", "environ", "nameless"}


FORMS = [
    str,
    str.upper,
    lambda one: quote(one, safe=""),
    quote_plus,
    json.dumps,
    lambda one: basic(EMAIL, one),
    lambda one: base64.b64encode(f"a{one}bc".encode()).decode(),
    lambda one: base64.urlsafe_b64encode(f"{one}>".encode()).decode(),
]


@pytest.mark.parametrize("secret", [*FILES.values(), "cf7f612c-8733-5142-9a52-a7d5dacba66c", 'a/b+c=d e"f'])
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_whatever_form_it_is_written(form: Callable[[str], str], secret: str) -> None:
    assert found_in([("somewhere", f"before {form(secret)} after".encode())], [secret])
    assert not found_in([("somewhere", f"before {form('something else')} after".encode())], [secret])
