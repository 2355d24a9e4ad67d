"""The e-mail of a day over tables of made-up records, given to a mail server that listens here."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from sqlalchemy import update

from deploy.local.ports import free_ports
from operations.digest.daily import MailState, mail_digest, written_digest
from operations.digest.mail import send
from operations.digest.sending_turns import LASTS, SendingTurns
from operations.environment import Environment, codec_of, connection_of
from operations.errors import Refused
from relay.domain.control import Control, PersonHold, Subject
from relay.engine.kafka import Record
from relay.engine.settings import Settings
from relay.engine.topics import CONTROL
from tests.unit.workers.views.tables import (
    AT,
    CODEC,
    FOLDS,
    ROUTING,
    acted,
    contract,
    kept_from,
    key_of,
    letter,
    observed,
    polled,
    record,
    wrote,
)
from workers.views.batch import fold_records
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.store import store_of
from workers.views.tables import PROGRESS

NOW = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)  # A Tuesday; the records are of 2026-03-02.
TODAY = date(2026, 3, 3)
OLD = datetime(2026, 2, 20, 12, 0, tzinfo=UTC)


def ending(offset: int) -> Record:
    """A hold that ends this afternoon."""
    hold = PersonHold(
        hold_id="h-1",
        kind=Subject.ACCOUNT,
        subject="procore:acme",
        reason="Budget\nis open",
        person="anna",
        since=OLD,
        until=NOW + timedelta(hours=3),
    )
    control = Control(hold=hold)
    return record(CONTROL, control.key, control, offset)


STORY = [
    contract(0),
    observed("17", 0, price="3310", title="Lobby \u202e fixtures\r\nBcc: evil@x.example"),
    observed("18", 1, price="1200"),
    letter("17", 0, first_at=NOW - timedelta(hours=20)),
    letter("18", 1, "l-2", first_at=OLD),
    wrote("17", 0, "405", at=NOW - timedelta(hours=20), approved_effect=Decimal(405), pending_effect=Decimal(-405)),
    wrote("17", 1, "7", at=NOW - timedelta(minutes=1)),
    acted(0, key_of("17"), who="bert", at=NOW - timedelta(hours=22)),
    acted(1, key_of("17"), who="bert", at=NOW - timedelta(hours=21)),
    acted(
        2,
        key_of("18"),
        action="letter.assign",
        who="bert",
        at=NOW - timedelta(hours=20),
        details=json.dumps({"letter_id": "l-2", "to": "anna"}),
    ),
    ending(0),
    polled(0, at=NOW),
]


class Mailbox:
    """A mail server on this machine."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuses = ""
        self.unknown = ""
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return self.refuses
        self.mails.append(envelope)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address == self.unknown:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def login(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"password-of-the-mail")


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Controller]:
    (port,) = free_ports(1)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield controller
    controller.stop()


def filled(folder: Path, records: list[Record], read_at: datetime = NOW) -> Path:
    """Tables of these records."""
    file = folder / "views.sqlite"
    store, generation = SqliteStore(file), Generation(1, "0" * 8)
    with store.building(generation).begin() as connection:
        fold_records(connection, records, FOLDS, CODEC, ROUTING)
        connection.execute(update(PROGRESS).values(read_at=round(read_at.timestamp() * 1000)))
    store.publish(generation)
    store.close()
    return file


def environment(folder: Path, port: int, **more: object) -> Environment:
    settings = Settings.model_validate(
        {
            "kafka_bootstrap_servers": "localhost:1",
            "views_url": f"sqlite:///{folder / 'views.sqlite'}",
            "mail_server": f"127.0.0.1:{port}",
            "mail_security": "none",
            "mail_from": "Relay <relay@acme.example>",
            "mail_to": "accounting@acme.example, anna@acme.example",
            "web_url": "https://relay.acme.example/",
            "instance": "views-0",
            **more,
        }
    )
    return Environment(settings, connection_of(settings), codec_of(settings))


def test_it_says_what_is_open_new_old_written_decided_and_about_to_end(
    tmp_path: Path, server: Controller, mailbox: Mailbox
) -> None:
    filled(tmp_path, STORY)
    done = mail_digest(environment(tmp_path, server.port), NOW)
    assert (done.state, done.day) == (MailState.SENT, TODAY)
    (envelope,) = mailbox.mails
    assert envelope.rcpt_tos == ["accounting@acme.example", "anna@acme.example"]
    mail = done.mail
    assert isinstance(mail, EmailMessage)
    assert mail["Subject"] == "Relay: 2 open items, 4,510.00 USD, 1 older than 5 days"
    assert mail["Message-ID"] == "<2026-03-03.default.digest@acme.example>"
    assert not mail.is_multipart()
    text = mail.get_content()
    for line in (
        "2 open items, 4,510.00 USD, 1 older than 5 days.",
        "New open items Mar 2: 1, 3,310.00 USD",
        "  0017 Lobby fixtures Bcc: evil@x.example, 3,310.00 USD: Procore did not accept cost code 26-999.",
        "Oldest: 0018 Title 1, 1,200.00 USD: Procore did not accept cost code 26-999. (11 d, assigned to anna)",
        "Written Mar 2: 1 write",
        "  owner side, approved: +405.00 USD",
        "  owner side, pending: -405.00 USD",
        "Decisions Mar 2: bert: send again (2); bert: assign (1)",
        "A hold ends today at 17:00 UTC: account procore:acme, by anna: Budget is open",
        "Needs attention: https://relay.acme.example/attention",
    ):
        assert line in text.splitlines(), text
    assert b"Lobby" in envelope.content


def test_what_rests_is_only_said_to_and_what_a_decision_brings_along_is_none(
    tmp_path: Path, server: Controller, mailbox: Mailbox
) -> None:
    last = AT + timedelta(minutes=1)
    snoozed = json.dumps(
        {"letter_id": "l-2", "until": (NOW + timedelta(days=2)).isoformat(), "after": last.isoformat()}
    )
    more = [
        acted(3, key_of("18"), action="letter.snooze", who="bert", at=NOW, details=snoozed),
        acted(4, "books", action="reconcile.lines", who="carla", at=NOW - timedelta(hours=20)),
        acted(5, "books", action="reconcile.sign_off", who="carla", at=NOW - timedelta(hours=20)),
    ]
    filled(tmp_path, [*STORY, *more])
    mail = mail_digest(environment(tmp_path, server.port), NOW).mail
    assert mail is not None
    text = mail.get_content()
    assert mail["Subject"] == "Relay: 1 open item, 3,310.00 USD"
    assert "1 open item, 3,310.00 USD; besides, 1 snoozed." in text.splitlines()
    assert "Oldest: 0017" in text
    assert "carla: reconcile.sign_off (1)" in text
    assert "reconcile.lines" not in text


def test_what_happens_on_the_day_before_the_mail_is_told_once(tmp_path: Path) -> None:
    """The period ends when its day begins: what failed and was decided since then is the next one's, as what was
    written is. It is counted among what is open at once.
    """
    early = NOW - timedelta(hours=9)
    records = [
        contract(0),
        observed("17", 0),
        letter("17", 0, first_at=early),
        acted(0, key_of("17"), who="bert", at=early),
        wrote("17", 0, "5", at=early),
    ]
    filled(tmp_path, records, read_at=NOW + timedelta(days=1))
    here = environment(tmp_path, 1)
    first, second = (written_digest(here, at).get_content() for at in (NOW, NOW + timedelta(days=1)))
    for line in ("New open items Mar 2: none", "Written Mar 2: nothing", "Decisions Mar 2: none"):
        assert line in first.splitlines(), first
    assert first.startswith("1 open item, ")
    for line in ("New open items Mar 3: 1, ", "Written Mar 3: 1 write", "Decisions Mar 3: bert: send again (1)"):
        assert f"\n{line}" in second, second


def test_it_comes_also_when_there_is_nothing(tmp_path: Path, server: Controller, mailbox: Mailbox) -> None:
    filled(tmp_path, [], read_at=NOW - timedelta(hours=3))
    done = mail_digest(environment(tmp_path, server.port), NOW)
    assert done.mail is not None
    assert done.mail["Subject"] == "Relay: no open items"
    text = done.mail.get_content()
    assert "No open items." in text
    assert "No account was read yet." in text
    assert "Written Mar 2: nothing" in text
    assert "Decisions Mar 2: none" in text
    assert "This is not up to date: the tables have everything until Mar 3, 2026 11:00 UTC, not later." in text
    assert len(mailbox.mails) == 1


def unread(sentence: str = "The password\nis refused. ", **more: Any) -> Record:
    """Of a source whose password was revoked for three days."""
    kept = kept_from(sentence=sentence)
    return polled(9, at=NOW - timedelta(days=3), interval=60, hold=kept, **more)


SAID = (
    "ConstructionOnline acme was last read 3 days ago: The password is refused. "
    "What changed there since is not shown here."
)


def test_over_a_source_that_is_not_read_it_does_not_say_that_nothing_is_open(tmp_path: Path) -> None:
    filled(tmp_path, [unread()])
    mail = written_digest(environment(tmp_path, 1), NOW)
    assert mail["Subject"] == "Relay: ConstructionOnline acme was last read 3 days ago"
    assert mail.get_content().splitlines()[0] == SAID
    assert "o open items" not in mail.get_content()


def test_open_items_hide_no_source_that_is_not_read(tmp_path: Path) -> None:
    filled(tmp_path, [*STORY, unread()])
    mail = written_digest(environment(tmp_path, 1), NOW)
    assert mail["Subject"] == "Relay: 2 open items, 4,510.00 USD, 1 older than 5 days; 1 account not read lately"
    assert mail.get_content().splitlines()[1] == SAID


def test_many_that_are_not_read_are_counted_and_a_name_of_several_lines_is_one(tmp_path: Path) -> None:
    filled(
        tmp_path, [unread(account=f"a{number:02}\r\nBcc: evil@x.example", sentence="x" * 900) for number in range(22)]
    )
    mail = written_digest(environment(tmp_path, 1), NOW)
    assert mail["Subject"] == "Relay: 22 accounts not read lately"
    lines = mail.get_content().splitlines()
    assert lines[0].startswith("ConstructionOnline a00 Bcc: evil@x.example was last read 3 days ago: xxx")
    assert lines[20] == "2 more accounts not read lately."
    assert max(map(len, lines)) <= 500


def test_each_day_s_is_sent_once_also_by_several_and_after_new_tables(
    tmp_path: Path, server: Controller, mailbox: Mailbox
) -> None:
    file = filled(tmp_path, STORY)
    first, second = (environment(tmp_path, server.port, instance=name) for name in ("views-0", "views-1"))
    assert mail_digest(first, NOW - timedelta(hours=8)).state is MailState.NOT_DUE
    assert mail_digest(first, NOW).state is MailState.SENT
    assert mail_digest(second, NOW + timedelta(hours=3)).state is MailState.DONE
    # Tables of a new version take the place of the others.
    store = SqliteStore(file)
    with store.building(Generation(2, "0" * 8)).begin() as connection:
        fold_records(connection, STORY, FOLDS, CODEC, ROUTING)
    store.publish(Generation(2, "0" * 8))
    store.close()
    assert mail_digest(second, NOW + timedelta(hours=4)).state is MailState.DONE
    assert len(mailbox.mails) == 1
    assert mail_digest(second, NOW, again=True).state is MailState.SENT
    assert mail_digest(first, NOW + timedelta(days=1)).day == TODAY + timedelta(days=1)
    assert len(mailbox.mails) == 3


def test_one_that_could_not_be_sent_is_due_still(tmp_path: Path, server: Controller, mailbox: Mailbox) -> None:
    filled(tmp_path, STORY)
    here = environment(tmp_path, server.port)
    mailbox.refuses = "451 come again"
    with pytest.raises(Refused, match=r"127\.0\.0\.1:\d+ did not take the e-mail.*come again"):
        mail_digest(here, NOW)
    mailbox.refuses = ""
    assert mail_digest(here, NOW).state is MailState.SENT
    with pytest.raises(Refused, match="did not take the e-mail"):
        mail_digest(environment(tmp_path, 1), NOW + timedelta(days=1))


def test_who_got_it_does_not_get_it_again_where_another_recipient_is_refused(
    tmp_path: Path, server: Controller, mailbox: Mailbox
) -> None:
    filled(tmp_path, STORY)
    here = environment(tmp_path, server.port)
    mailbox.unknown = "anna@acme.example"
    with pytest.raises(Refused, match=r"did not take the e-mail for anna@acme\.example \(550 nobody of that name\)"):
        mail_digest(here, NOW)
    assert mail_digest(here, NOW + timedelta(minutes=1)).state is MailState.DONE
    assert [envelope.rcpt_tos for envelope in mailbox.mails] == [["accounting@acme.example"]]
    mailbox.unknown = ""
    assert mail_digest(here, NOW + timedelta(days=1)).state is MailState.SENT


def test_who_dies_before_it_says_so_leaves_it_to_another_after_a_while(
    tmp_path: Path, server: Controller, mailbox: Mailbox
) -> None:
    """At least once: it may have been sent."""
    filled(tmp_path, STORY)
    here = environment(tmp_path, server.port)
    store = store_of(here.settings)
    died = SendingTurns(store, "views-9")
    assert died.take(TODAY, NOW)
    died.close()
    store.close()
    assert mail_digest(here, NOW + LASTS / 2).state is MailState.TAKEN
    assert mailbox.mails == []
    assert mail_digest(here, NOW + LASTS).state is MailState.SENT


def test_two_at_once_one_takes_it(tmp_path: Path) -> None:
    filled(tmp_path, STORY)
    store = store_of(environment(tmp_path, 1).settings)
    one, other = SendingTurns(store, "a"), SendingTurns(store, "b")
    assert [one.take(TODAY, NOW), other.take(TODAY, NOW)] == [True, False]
    other.give_back(TODAY)  # It is not its own to give.
    assert not other.take(TODAY, NOW)
    one.sent(TODAY, NOW)
    assert not other.take(TODAY, NOW + LASTS * 2)
    assert other.last_before(TODAY + timedelta(days=3)) == TODAY
    one.close()
    other.close()
    store.close()


def test_a_login_goes_over_an_encrypted_connection_whose_certificate_is_proven(
    tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, STORY)
    (tmp_path / "mail-password").write_text("password-of-the-mail\n", encoding="utf-8")
    (tmp_path / "wrong-password").write_text("another\n", encoding="utf-8")
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", *request.split(), "-addext", "subjectAltName=IP:127.0.0.1", *files], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    (port,) = free_ports(1)
    options: dict[str, Any] = {"tls_context": context, "auth_required": True, "authenticator": mailbox.login}
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, require_starttls=True, **options)
    controller.start()
    try:
        login = {
            "mail_security": "starttls",
            "mail_username": "relay",
            "mail_password_file": tmp_path / "mail-password",
        }
        here = environment(tmp_path, port, **login)
        with pytest.raises(Refused, match=r"did not take the e-mail.*certificate"):
            mail_digest(here, NOW)
        assert mailbox.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        wrong = environment(tmp_path, port, **(login | {"mail_password_file": tmp_path / "wrong-password"}))
        with pytest.raises(Refused, match="did not take the e-mail"):
            mail_digest(wrong, NOW)
        assert mail_digest(here, NOW).state is MailState.SENT
    finally:
        controller.stop()
    assert mailbox.logins[-1] == (b"relay", b"password-of-the-mail")
    assert len(mailbox.mails) == 1


def test_a_held_target_is_called_by_its_route_of_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = PersonHold(
        hold_id="h-2",
        kind=Subject.TARGET,
        subject="rebar",
        reason="Vendor is asked",
        person="anna",
        since=OLD,
        until=NOW + timedelta(hours=3),
    )
    control = Control(hold=hold)
    filled(tmp_path, [record(CONTROL, control.key, control, 0)])
    file = tmp_path / "cor.yaml"
    file.write_text(
        """
accounts:
  constructiononline: {acme: {email: a@b.example, password_file: p, api_key_file: k}}
  cinx: {acme: {email: a@b.example, password_file: p}}
routes:
  - name: tower
    from: {system: constructiononline, account: acme, project: 7}
    targets: [{name: rebar, system: cinx, account: acme, purchase_order: PO-1}]
""",
        encoding="utf-8",
    )
    mail = written_digest(environment(tmp_path, 1, config=file), NOW)
    assert "A hold ends today at 17:00 UTC: target tower/rebar, by anna" in mail.get_content()
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("project: 7", "project: {name: Tower B}"), encoding="utf-8")
    monkeypatch.setattr(Environment, "pins", property(lambda self: pytest.fail("Kafka is asked what is pinned")))
    mail = written_digest(environment(tmp_path, 1, config=file), NOW)
    assert "target tower/rebar, by anna" in mail.get_content()
    file.write_text("routes: ]", encoding="utf-8")
    mail = written_digest(environment(tmp_path, 1, config=file), NOW)
    assert "A hold ends today at 17:00 UTC: target rebar, by anna" in mail.get_content()


def test_a_password_from_a_file_is_sent_only_where_the_connection_is_encrypted(tmp_path: Path) -> None:
    file = tmp_path / "mail-password"
    file.write_text("password-of-the-mail\n", encoding="utf-8")
    login = {"mail_username": "relay", "mail_password_file": file}
    with pytest.raises(ValueError, match="not sent in the clear"):
        environment(tmp_path, 1, **login)
    filled(tmp_path, STORY)
    plain = environment(tmp_path, 1)
    mail = written_digest(plain, NOW)
    assert mail["Subject"].startswith("Relay: 2 open items")
    settings = replace(plain).settings.model_copy(update={"mail_server": None})
    with pytest.raises(Refused, match="no mail server"):
        send(settings, mail)
