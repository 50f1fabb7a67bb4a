"""SMTP: one kept connection to one mail server, encrypted and logged in. What is said on it is in `line`."""

from __future__ import annotations

import ipaddress
import logging
import smtplib
import ssl
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Literal, Self

from digest.errors import (
    ConfigError,
    DeliveryError,
    LoginError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnreachableError,
)
from digest.masks import without_login
from digest.model import Message
from digest.transport.form import Following, nothing
from digest.transport.line import Line, OutOfStepError, StaleError, cut, domain, refuse_unsendable, words

log = logging.getLogger(__name__)

Security = Literal["starttls", "tls", "none"]

MESSAGES_PER_CONNECTION = 100  # servers tend to cut longer sessions without a word

# Without a name of our own an address literal is right (RFC 5321 4.1.4); asking the DNS for one may hang or lie.
HELO = "[127.0.0.1]"

_LARGEST = 250_000  # of a message: 95 KB of HTML with the text part, in base64
# A wrong login counts once for each that is tried, so it is one: the first of these that is offered.
_LOGINS = ("PLAIN", "LOGIN", "CRAM-MD5")

_TRIES = 4  # of one message, as long as nothing of it but its envelope has left


class SmtpTransport:
    """Sends over one kept connection to one mail server, with one recipient per message.

    "starttls" and "tls" verify the server's certificate, against `ca_file` instead of the system's if given, and
    never fall back to plain text. `timeout` is in seconds and counts for each step. A connection gets `per_connection`
    messages at most, and of those for a domain as many as `for_domain` says.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 30.0,
        ca_file: Path | None = None,
        per_connection: int = MESSAGES_PER_CONNECTION,
        for_domain: Mapping[str, int] | None = None,
    ) -> None:
        if password and security == "none" and not _is_loopback(host):
            raise ConfigError(f"a password must not go to {host} in plain text: set security to starttls or tls")
        self._host, self._port, self._place = host, port, f"{host}:{port}"
        self._security, self._timeout = security, timeout
        self._username, self._password = username, password
        self._tls = None if security == "none" else _tls_context(ca_file)
        self._per_connection, self._for_domain = per_connection, dict(for_domain or {})
        self._pipelining = True  # where it is offered
        self._line: Line | None = None

    def send(self, message: Message, then: Following = nothing) -> str:
        """Raise UncertainError where the outcome is unknown."""
        if self._line is None or self._line.checked is not message:
            refuse_unsendable(message)

        def next_here() -> Message | None:
            found = then()
            return None if found is None or self._worn(line, found) else found

        for _ in range(_TRIES):
            line = self._ready(message)
            try:
                return line.send(message, next_here)
            except StaleError as error:
                log.debug("smtp_stale server=%s reason=%s", self._place, error)
            except OutOfStepError as error:
                self._pipelining = False
                log.warning("smtp_out_of_step server=%s reply=%s", self._place, error)
            except PermanentDeliveryError:
                self._pipelining = True  # step by step it refuses as well, so it was not out of step
                raise
            except TimeoutError as error:
                self._pipelining = False  # perhaps it threw away what came before it had answered
                raise cut(self._place, error) from error
            except OSError as error:
                raise cut(self._place, error) from error
            finally:
                if line.broken:
                    self.close()
        raise TemporaryDeliveryError(f"{self._place}: answers out of step, and cuts every connection")

    def check(self) -> str:
        self.close()
        server = self._connect()
        self._line = Line(server, self._place)
        most = server.esmtp_features.get("size", "")
        if most.isdecimal() and 0 < int(most) < _LARGEST:
            self.close()
            raise PermanentDeliveryError(
                f"{self._place} takes {int(most):,} bytes at most, and a mail may have {_LARGEST:,}: raise its limit"
            )
        login = "login accepted" if self._username else "no login"
        return f"{self._place} answers, {self._line.cipher}, {login}"

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def twin(self) -> Self:
        other = copy(self)
        other._line = None
        return other

    def _ready(self, message: Message) -> Line:
        if self._line is not None and self._worn(self._line, message):
            self.close()
        if self._line is None:
            self._line = Line(self._connect(), self._place)
        self._line.careful = not self._pipelining
        return self._line

    def _worn(self, line: Line, message: Message) -> bool:
        """Whether the connection has had as many messages, or as many for this domain, as it may."""
        if line.number >= self._per_connection:
            return True
        name = domain(message) if self._for_domain else ""
        return name in self._for_domain and line.used[name] >= self._for_domain[name]

    def _connect(self) -> smtplib.SMTP:
        """Whatever fails here says nothing of a message: it is temporary, and the operator's to fix."""
        try:
            server = self._dial()
            try:
                self._prepare(server)
            except BaseException:
                server.close()
                raise
        except DeliveryError:
            raise
        except OSError as error:
            raise UnreachableError(f"{self._place}: {words(error)}", reply=words(error)) from error
        log.debug("smtp_connected server=%s security=%s", self._place, self._security)
        return server

    def _dial(self) -> smtplib.SMTP:
        if self._security == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, HELO, timeout=self._timeout, context=self._tls)
        return smtplib.SMTP(self._host, self._port, HELO, timeout=self._timeout)

    def _prepare(self, server: smtplib.SMTP) -> None:
        if self._security == "starttls":
            server.starttls(context=self._tls)  # raises where it is not offered
        server.ehlo_or_helo_if_needed()
        if self._username:
            self._login(server, self._username, self._password or "")

    def _login(self, server: smtplib.SMTP, username: str, password: str) -> None:
        """Errors are cut off from their causes, which may carry the password."""
        offered = server.esmtp_features.get("auth", "").upper().split()
        if way := next((one for one in _LOGINS if one in offered), None):
            server.esmtp_features["auth"] = way
        kind: type[UnreachableError] = LoginError
        try:
            server.login(username, password)
        except OSError as error:
            told = without_login(words(error), username, password)
            if not isinstance(error, smtplib.SMTPException) or 400 <= getattr(error, "smtp_code", 0) < 500:
                kind = UnreachableError
        except ValueError:
            told = "user name and password must be ASCII, and the server's challenge base64"
        else:
            return
        raise kind(f"{self._place} refused the login, check it: {told}", reply=told) from None


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(f"{ca_file} cannot be read as certificates in PEM form: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
