"""A name server of the tests' own, on loopback: it knows what a table says, and can refuse or keep silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]  # (name, kind) -> values as a zone file has them


class NameServer:
    """Answers over UDP while the block lasts; `asked` is what it was asked."""

    def __init__(self, zone: Zone, refuses: str = "", silent: bool = False) -> None:
        self.zone = {(name.rstrip("."), kind): values for (name, kind), values in zone.items()}
        self.refuses, self.silent = refuses, silent
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            packet, client = self._socket.recvfrom(4096)
            if not packet:
                return
            question = dns.message.from_wire(packet)
            name = question.question[0].name.to_text(omit_final_dot=True).lower()
            kind = dns.rdatatype.to_text(question.question[0].rdtype)
            self.asked.append((name, kind))
            if not self.silent:
                self._socket.sendto(self._answer(question, name, kind), client)

    def _answer(self, question: dns.message.Message, name: str, kind: str) -> bytes:
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        values = self.zone.get((name, kind), ())
        if name == self.refuses:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif values:
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *values))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire(max_size=65_535)
