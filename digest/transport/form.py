"""What every way to hand a message over can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self, TypeAlias

from digest.model import Message

Following: TypeAlias = Callable[[], Message | None]  # may be asked again, and says the same


def nothing() -> None:
    """No message follows."""


class Transport(Protocol):
    """A way to hand a message over; for one thread at a time."""

    def send(self, message: Message, then: Following = nothing) -> str:
        """Return the server's reply or where it was put; raise one of the DeliveryErrors.

        `then` tells what will be sent at once after it, if all goes well: a hint, of which no word that could make it
        leave goes out. It may be asked while the message is being read by the server, which is time to make the next.
        """

    def check(self) -> str:
        """Say in one line what was found, without sending; raise DeliveryError if sending would not work."""

    def close(self) -> None:
        """Let go of connections; the transport may be used again."""

    def twin(self) -> Self:
        """One to the same place that may be used beside this one, by another thread."""
