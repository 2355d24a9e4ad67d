"""To the mail server."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from operations.errors import Refused, WrongUsage
from relay.clients.http.secret import UnusableSecret, secret_in
from relay.domain.failures import Fatal
from relay.engine.settings import MailSecurity, Settings

_PATIENCE = 30.0
"""Seconds for each answer of the server."""


class PartlySent(Refused):
    """Some recipients have it, and the server refused the others: sent again, the first would get it twice."""


def send(settings: Settings, mail: EmailMessage) -> None:
    """Hands the message over. Raises ``Refused`` where the server does not take it, ``Fatal`` for a useless secret.

    Raises ``PartlySent`` where it takes it for some recipients.
    """
    if settings.mail_server is None:
        raise WrongUsage("no mail server is stated: COR_MAIL_SERVER, COR_MAIL_FROM and COR_MAIL_TO say where mail goes")
    host, _, port = settings.mail_server.rpartition(":")
    password = _password(settings)
    try:
        with _connected(settings.mail_security, host.strip("[]"), int(port)) as server:
            if settings.mail_username is not None and password is not None:
                server.login(settings.mail_username, password)
            refused = server.send_message(mail)
    except (smtplib.SMTPException, OSError) as error:
        raise Refused(f"the mail server {settings.mail_server} did not take the e-mail: {error}") from error
    if refused:
        whom = "; ".join(f"{one} ({_words(answer)})" for one, answer in sorted(refused.items()))
        raise PartlySent(
            f"the mail server {settings.mail_server} did not take the e-mail for {whom}; the others have it, and it is "
            "not sent again by itself: correct COR_MAIL_TO, or hand it on"
        )


def _words(answer: tuple[int, bytes]) -> str:
    code, text = answer
    return f"{code} {text.decode(errors='backslashreplace')}"


def _connected(security: MailSecurity, host: str, port: int) -> smtplib.SMTP:
    if security is MailSecurity.TLS:
        return smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=_PATIENCE)
    if security is MailSecurity.STARTTLS:
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _password(settings: Settings) -> str | None:
    file = settings.mail_password_file
    if file is None:
        return None
    try:
        return secret_in(file)
    except OSError as error:
        raise Fatal(f"COR_MAIL_PASSWORD_FILE names {file}, which cannot be read: {error.strerror}") from None
    except UnusableSecret as error:
        raise Fatal(f"COR_MAIL_PASSWORD_FILE cannot be used: {error}") from None
