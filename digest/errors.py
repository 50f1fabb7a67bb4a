"""Everything this program raises on purpose.

    DigestError
    ├─ UnfinishedError              parts of a run failed, and the rest is done: names them all
    ├─ ConfigError                  the user's settings: file, key, what is wrong, what to write instead
    ├─ ListingError                 a dump could not be read as a listing
    │  └─ UnknownFormatError        no format recognises its content
    ├─ FetchError                   a source did not give what it was asked for
    │  └─ RefusedError              it refused this one address; its others may do
    ├─ StoreError                   the database could not be opened, read or written
    │  └─ SchemaError               the database is of another version than this program
    ├─ RenderError                  a template is missing or wrong
    ├─ FeedError                    a feed could not be built
    └─ DeliveryError                a message was not taken
       ├─ TemporaryDeliveryError    try again later (4xx, 552, a connection cut)
       │  ├─ BusyError              the destination wants to be left alone (421)
       │  ├─ FullMailboxError       this one mailbox takes nothing now (4.2.2, 5.2.2)
       │  ├─ PolicyError            the destination refuses mail of ours, whoever it is for (5.7.x)
       │  ├─ UncertainError         it may have been taken: no answer came to the whole message
       │  └─ UnreachableError       nobody there to take any message: no connection, no folder
       │  │  └─ LoginError          the server does not let us in: not to be asked again in this run
       └─ PermanentDeliveryError    never try this message again (other 5xx)

A class exists only where some caller acts differently on it. A message says what happened, to what,
and what to do now. One bad element is data (`model.Rejected`); one bad container is an exception.
"""

from __future__ import annotations

from digest.masks import without_secrets


class DigestError(Exception):
    """Base of every error raised on purpose; its text is meant for the user, and has no secret in it."""

    def __init__(self, message: str = "") -> None:
        super().__init__(without_secrets(message))


class UnfinishedError(DigestError):
    """Parts of a run failed, though the rest of it is done; what can be mended of each is in the words."""


class ConfigError(DigestError):
    """The settings are wrong; the user must change something."""


class ListingError(DigestError):
    """A dump could not be read as a listing."""


class UnknownFormatError(ListingError):
    """No known format recognises the dump's content."""


class FetchError(DigestError):
    """A source did not give what it was asked for; it is not asked on in this run."""


class RefusedError(FetchError):
    """The source refused this one address (4xx); its others may do."""


class StoreError(DigestError):
    """The database could not be opened, read or written."""


class SchemaError(StoreError):
    """The database's schema is not the one this program works with."""


class RenderError(DigestError):
    """A template is missing, does not compile or asks for something that is not there."""


class FeedError(DigestError):
    """A feed could not be built or written."""


class DeliveryError(DigestError):
    """A message was not taken by the transport.

    `reply` is the server's answer or the operating system's words; empty if there was none.
    """

    def __init__(self, message: str, *, reply: str = "") -> None:
        super().__init__(message)
        self.reply = without_secrets(reply)


class TemporaryDeliveryError(DeliveryError):
    """The transport could not take the message now; the same bytes may be tried again later."""


class UnreachableError(TemporaryDeliveryError):
    """The transport could not even begin: other messages would fare no better now."""


class LoginError(UnreachableError):
    """The server does not let us in. Many lock out who tries too often."""


class BusyError(TemporaryDeliveryError):
    """The destination wants no more mail for now."""


class FullMailboxError(TemporaryDeliveryError):
    """This mailbox is full; when it stays so, the address is given up."""


class PolicyError(TemporaryDeliveryError):
    """The destination refuses by policy: the operator must act, and the reader is not to blame."""


class UncertainError(TemporaryDeliveryError):
    """The whole message was handed over and no answer came: it may have been taken."""


class PermanentDeliveryError(DeliveryError):
    """The transport will never take this message.

    `hard` is true when the address itself is dead, so that it must not be mailed again.
    """

    def __init__(self, message: str, *, reply: str = "", hard: bool = False) -> None:
        super().__init__(message, reply=reply)
        self.hard = hard


MENDABLE = (DigestError, OSError)  # by whoever runs the program; anything else is our bug


def told(error: Exception) -> str:
    """What is wrong and what to do now, in one line without secrets."""
    if isinstance(error, OSError):  # a folder that cannot be written, a full disk
        words = f"{error.filename or 'the system'}: {error.strerror or error}; make room or mend its rights"
    elif isinstance(error, DigestError):
        words = str(error)
    else:
        words = f"{type(error).__name__}: {error}; a bug of the program, please report it"
    return without_secrets(" ".join(words.split()))
