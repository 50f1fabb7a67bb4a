"""A program that takes messages as sendmail does: on its input, the envelope in its arguments."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Self

from digest.errors import PermanentDeliveryError, TemporaryDeliveryError, UncertainError, UnreachableError
from digest.model import Message
from digest.transport.form import Following, nothing
from digest.transport.replies import is_address, printable

# What such programs tell by their exit code (sysexits.h). What is wrong with the machine or the settings is temporary.
_NO_USER, _NO_HOST = 67, 68
_PERMANENT = frozenset({64, 65, _NO_USER, _NO_HOST})


class ProgramTransport:
    """Runs `command -i -f SENDER -- RECIPIENT` for each message; lines end as in files (LF)."""

    def __init__(self, command: Sequence[str], timeout: float = 60.0) -> None:
        self._command, self._timeout = tuple(command), timeout

    def send(self, message: Message, then: Following = nothing) -> str:
        if not (is_address(message.sender) and is_address(message.recipient)):
            raise PermanentDeliveryError("an envelope address has characters that no command can hold")
        command = [*self._command, "-i", "-f", message.sender, "--", message.recipient]
        try:
            ended = subprocess.run(  # noqa: S603 - the operator's own, without a shell
                command,
                input=message.content.replace(b"\r\n", b"\n"),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UncertainError(
                f"{self._command[0]} was given the message and did not end in time: it may have been taken"
            ) from None
        except (OSError, ValueError) as error:
            raise UnreachableError(f"{self._command[0]} cannot be run: {error}", reply=str(error)) from error
        return self._judged(ended.returncode, printable(ended.stdout))

    def _judged(self, code: int, words: str) -> str:
        if code == os.EX_OK:
            return f"taken by {self._command[0]}" + (f": {words}" if words else "")
        reason = f"{self._command[0]} ended with code {code}" + (f": {words}" if words else "")
        if code in _PERMANENT:
            raise PermanentDeliveryError(reason, reply=words, hard=code == _NO_USER)
        if code < 0:
            raise UncertainError(f"{reason}: it was killed, and may have taken the message", reply=words)
        raise TemporaryDeliveryError(reason, reply=words)

    def check(self) -> str:
        found = shutil.which(self._command[0])
        if found is None:
            raise UnreachableError(f"{self._command[0]}: no such program; name it whole in transport.command")
        return f"{found} takes messages"

    def close(self) -> None:
        pass

    def twin(self) -> Self:
        return self
