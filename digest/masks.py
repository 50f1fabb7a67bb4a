"""What must not be told: secrets wherever words go, and addresses in logs too. Known by their form alone.

A secret is what opens something for whoever has it: a token of ours (it reads a private feed, ends a subscription), a
login in an address of the web, a key in one.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote_plus

_HIDDEN = "***"
_SHORTEST = 4  # of what is looked for by itself

# As `message.token` makes them: 22 characters of base64url.
_OF_OURS = "[A-Za-z0-9_-]{22}"
_OURS = re.compile(
    rf"(?<=private/){_OF_OURS}(?![\w-])"  # the folder of a private feed
    rf"|(?<=archive/){_OF_OURS}(?=\.html)"  # a reader's page
    rf"|(?<=archive/\.){_OF_OURS}(?=\.html)"  # and while it is written
    rf"|(?<=\+){_OF_OURS}(?=@)"  # the sender that mail to a reader has, where it returns to
    rf"|(?<=subject=){_OF_OURS}(?![\w-])"  # the mail that ends a subscription
)
# Those below are bounded, so that no text takes long.
_WEB_LOGIN = re.compile(r"(?i)(?<=http://|ttps://)(?:[^\s/?#\"'<>]{0,256}@|[^\s/?#:@\"'<>]{0,256}:[^\s@\"'<>]{0,256}@)")
_LOGIN = re.compile(r"(?<=://)([^\s/?#:\"'<>]{0,256}):[^\s\"'<>]{0,256}@")  # of a database: who it is may be told
_ADDRESS_OF_THE_WEB = re.compile(r"(?i)\bhttps?://[^\s\"'<>“”`]+")
_OPAQUE = re.compile(  # parts of a path that nobody would read aloud
    r"(?<=[^/][/?#])(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"  # a UUID
    r"|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}"
    rf"|(?=[\w-]*[a-z])(?=[\w-]*[A-Z]){_OF_OURS})(?![\w-])"
)
_VALUE = re.compile(r"(?<=[?&#])([^\s=?&#\"'<>]+)=([^\s&#\"'<>“”`)]*[^\s&#\"'<>“”`).,:;!])")
_NO_SECRETS = re.compile(  # what the sources are asked, and how a database is connected to
    "search_query|id_list|query|term|subject|offset|start|max_results|sort|sort(?:by|order)|date|limit|p|page|q|format"
    "|verb|metadataprefix|set|from|until|resumptiontoken|host|port|timeout|connect_timeout|sslmode",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:(?<!\S)([a-z_]+=))?([^\s<>@/]{1,256}@[\w.-]+)")  # maybe as the value of a log line's key
_MESSAGE_ID = re.compile(r"(?:.*[^0-9A-Za-z])?[0-9a-f]{32}@.*")  # as `message.message_id` makes them: it is nobody's


def without_secrets(text: str) -> str:
    """The text with every secret that has the form of one replaced by asterisks."""
    if "/" in text or "@" in text or "=" in text:
        text = _WEB_LOGIN.sub(f"{_HIDDEN}@", text)
        text = _LOGIN.sub(rf"\1:{_HIDDEN}@", text)
        text = _VALUE.sub(_value, text)
        text = _ADDRESS_OF_THE_WEB.sub(lambda found: _OPAQUE.sub(_HIDDEN, found[0]), text)
        text = _OURS.sub(_HIDDEN, text)
    return text


def _value(found: re.Match[str]) -> str:
    return found[0] if _NO_SECRETS.fullmatch(found[1]) else f"{found[1]}={_HIDDEN}"


def without_those_of(address: str, words: str) -> str:
    """Words on a web address without the secrets in it: a server may repeat the key that it refuses."""
    for name, secret in _VALUE.findall(address):
        if len(secret) >= _SHORTEST and not _NO_SECRETS.fullmatch(name):
            words = words.replace(secret, _HIDDEN).replace(unquote_plus(secret), _HIDDEN)
    return without_secrets(words)


def without_login(words: str, username: str, password: str) -> str:
    """A server may repeat in its reply what it was told, in clear or as it came over the wire."""
    tokens = (password, f"\0{username}\0{password}")
    for secret in (*tokens, *(base64.b64encode(token.encode()).decode() for token in tokens)):
        words = words.replace(secret, _HIDDEN) if password else words
    return words


def masked(address: str) -> str:
    """An address as it may stand in a log: the first letter and the domain."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def masked_in(text: str) -> str:
    """Words as they may stand in a log: without secrets, and with their addresses masked."""
    text = without_secrets(text)
    return _ADDRESS.sub(_masked, text) if "@" in text else text


def _masked(found: re.Match[str]) -> str:
    key, address = found[1] or "", found[2]
    if address.startswith(f"{_HIDDEN}@") or _MESSAGE_ID.fullmatch(address):
        return found[0]
    return f"{key}{masked(address)}"
