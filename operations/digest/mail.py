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


def send(settings: Settings, mail: EmailMessage) -> None:
    """Hands the message over. Raises ``Refused`` where the server does not take it, ``Fatal`` for a useless secret."""
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
        whom = ", ".join(sorted(refused))
        raise Refused(f"the mail server {settings.mail_server} did not take the e-mail for {whom}; others have it")


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
