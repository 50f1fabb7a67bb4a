"""The SMTP client against servers that misbehave: nothing is lost, nothing is doubled, and no server can confuse it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fault_smtp import HANG_UP, IN_A_WHILE, STALL, Faulty

from digest.errors import (
    BusyError,
    DeliveryError,
    PermanentDeliveryError,
    PolicyError,
    TemporaryDeliveryError,
    UncertainError,
    UnreachableError,
)
from digest.model import Message
from digest.transport import SmtpTransport

SENT = "sent"


def message(number: int, **values: Any) -> Message:
    content = f"Message-ID: <{number}@digest.example.org>\r\n\r\n.dot\r\n..\r\n".encode() + b"x" * 70 + b"\r\n"
    defaults = {
        "message_id": f"{number}@digest.example.org",
        "sender": "digest@example.org",
        "recipient": f"reader{number}@example.net",
        "content": content,
        "name": "",
    }
    return Message(**defaults | values)


@pytest.fixture
def transports() -> Iterator[list[SmtpTransport]]:
    """Closed before the server is gone."""
    found: list[SmtpTransport] = []
    yield found
    for one in found:
        one.close()


def smtp(server: Faulty, **settings: Any) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", server.port, "none", **{"timeout": 10.0} | settings)


def send_all(transport: SmtpTransport, messages: list[Message]) -> list[str | type[DeliveryError]]:
    """What becomes of each, sent as the senders do: each with a look at the next."""
    found: list[str | type[DeliveryError]] = []
    for one, then in zip(messages, [*messages[1:], None], strict=True):
        try:
            transport.send(one, lambda then=then: then)
            found.append(SENT)
        except DeliveryError as error:
            found.append(type(error))
    transport.close()
    return found


def arrived(server: Faulty) -> list[str]:
    return [one.recipient for one in server.taken]


READERS = [f"reader{number}@example.net" for number in range(1, 5)]


def test_one_round_trip_a_message() -> None:
    with Faulty({"DOT": [IN_A_WHILE] * 3}) as server:  # so that the next envelope must not wait for the reply
        assert send_all(smtp(server), [message(number) for number in range(1, 5)]) == [SENT] * 4
    assert arrived(server) == READERS
    assert [one.content for one in server.taken] == [
        message(number).content.replace(b"\r\n.", b"\r\n..") for number in range(1, 5)
    ]
    envelopes = [one for one in server.writes if b"MAIL" in one]
    assert [one.count(b"\r\n") for one in envelopes] == [3] * len(envelopes), "each came in one piece"
    assert "RSET" not in server.commands
    assert server.connections == 1


def test_the_next_message_itself_never_leaves_early(transports: list[SmtpTransport]) -> None:
    with Faulty() as server:
        transports.append(transport := smtp(server))
        transport.send(message(1), lambda: message(2))
        transport.close()
        assert arrived(server) == READERS[:1], "an envelope that was opened and left is no message"
        transport.send(message(3), lambda: message(2))
        transport.send(message(4))
        transport.close()
    assert arrived(server) == [READERS[0], READERS[2], READERS[3]]
    assert server.connections == 3, "an envelope cannot be taken back but by hanging up"


LATER, NEVER, STOP = TemporaryDeliveryError, PermanentDeliveryError, PolicyError
QUIET = ("SIZE 50000000", "8BITMIME")  # no pipelining
CASES: list[tuple[str, dict[str, Any], list[Any], list[int]]] = [
    ("all well", {}, [SENT] * 4, [1, 2, 3, 4]),
    ("no pipelining", {"capabilities": QUIET}, [SENT] * 4, [1, 2, 3, 4]),
    ("no extension at all", {"capabilities": ()}, [SENT] * 4, [1, 2, 3, 4]),
    ("HELO only", {"script": {"EHLO": ["502 5.5.1 no"]}}, [SENT] * 4, [1, 2, 3, 4]),
    ("replies a byte at a time", {"split": True}, [SENT] * 4, [1, 2, 3, 4]),
    ("reads a few bytes at a time", {"slow": 7}, [SENT] * 4, [1, 2, 3, 4]),
    (
        "replies of several lines",
        {"script": {"MAIL": ["250-one\r\n250-two\r\n250 three"] * 2, "DOT": ["250-a\r\n250 b"] * 3}},
        [SENT] * 4,
        [1, 2, 3, 4],
    ),
    ("throws away what comes early", {"swallow": True}, [LATER, SENT, SENT, SENT], [2, 3, 4]),
    ("refuses what comes early", {"in_order": True}, [SENT] * 4, [1, 2, 3, 4]),
    ("greylists", {"greylist": True}, [LATER] * 4, []),
    ("one recipient unknown", {"script": {"RCPT": ["250 ok", "550 5.1.1 who"]}}, [SENT, NEVER, SENT, SENT], [1, 3, 4]),
    (
        "grants DATA to nobody",
        {"script": {"RCPT": ["250 ok", "550 5.1.1 who"], "DATA": ["354 go on"] * 2}},
        [SENT, NEVER, SENT, SENT],
        [1, 3, 4],
    ),
    ("a sender refused", {"script": {"MAIL": ["250 ok", "451 4.3.0 no"]}}, [SENT, LATER, SENT, SENT], [1, 3, 4]),
    ("a message refused", {"script": {"DOT": ["554 5.6.0 no"]}}, [NEVER, SENT, SENT, SENT], [2, 3, 4]),
    ("policy", {"script": {"DOT": ["250 ok", "554 5.7.1 spam"]}}, [SENT, STOP, SENT, SENT], [1, 3, 4]),
    (
        "goodbye for an answer",
        {"script": {"DOT": ["421 4.3.2 shutting down"]}},
        [BusyError, SENT, SENT, SENT],
        [2, 3, 4],
    ),
    (
        "goodbye in between",
        {"script": {"RCPT": ["250 ok", "421 4.7.0 enough"]}},
        [SENT, BusyError, SENT, SENT],
        [1, 3, 4],
    ),
    ("cut at an envelope", {"script": {"RCPT": ["250 ok", HANG_UP]}}, [SENT, LATER, SENT, SENT], [1, 3, 4]),
    ("cut after a message", {"script": {"DOT": [HANG_UP]}}, [UncertainError, SENT, SENT, SENT], [1, 2, 3, 4]),
    ("silence after a message", {"script": {"DOT": [STALL]}}, [UncertainError, SENT, SENT, SENT], [1, 2, 3, 4]),
    ("silence at an envelope", {"script": {"DATA": [STALL]}}, [LATER, SENT, SENT, SENT], [2, 3, 4]),
    ("nonsense after a message", {"script": {"DOT": ["\x00\xff"]}}, [UncertainError, SENT, SENT, SENT], [1, 2, 3, 4]),
    ("go on after a message", {"script": {"DOT": ["354 more"]}}, [UncertainError, SENT, SENT, SENT], [1, 2, 3, 4]),
    ("a reply without end", {"script": {"RCPT": ["250-x\r\n" * 200 + "250 x"]}}, [LATER, SENT, SENT, SENT], [2, 3, 4]),
    ("a line without end", {"script": {"RCPT": ["250 " + "x" * 9000]}}, [LATER, SENT, SENT, SENT], [2, 3, 4]),
    ("no connection free", {"most": 0}, [UnreachableError] * 4, []),
    ("no greeting", {"script": {"CONNECT": [STALL]}}, [UnreachableError, SENT, SENT, SENT], [2, 3, 4]),
]


@pytest.mark.parametrize(("faults", "outcomes", "numbers"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_becomes_of_four_messages(
    faults: dict[str, Any], outcomes: list[Any], numbers: list[int], transports: list[SmtpTransport]
) -> None:
    stalls = faults.get("swallow") or any(STALL in answers for answers in faults.get("script", {}).values())
    with Faulty(**faults) as server:
        transports.append(transport := smtp(server, timeout=0.3 if stalls else 10.0))
        assert send_all(transport, [message(number) for number in range(1, 5)]) == outcomes
        assert arrived(server) == [f"reader{number}@example.net" for number in numbers]


def test_a_server_that_cannot_pipeline_is_not_asked_to_again(transports: list[SmtpTransport]) -> None:
    with Faulty(in_order=True) as server:
        transports.append(transport := smtp(server))
        assert send_all(transport, [message(number) for number in range(1, 5)]) == [SENT] * 4
    assert server.connections == 2
    assert len([one for one in server.commands if one.startswith("MAIL")]) == 5


def test_cut_in_the_middle_of_a_message_is_tried_again(transports: list[SmtpTransport]) -> None:
    large = message(1, content=b"a: b\r\n\r\n" + b"x" * 78 + b"\r\n" * 8_000_000)
    with Faulty(cut_in_data=1000) as server:
        transports.append(transport := smtp(server))
        assert send_all(transport, [large, message(2)]) == [LATER, SENT]
    assert arrived(server) == READERS[1:2]


def test_a_bad_address_does_not_end_pipelining() -> None:
    script = {"RCPT": ["501 5.1.3 bad syntax"] * 2}
    with Faulty(script=script) as server:
        assert send_all(smtp(server), [message(number) for number in range(1, 5)]) == [NEVER, SENT, SENT, SENT]
        alone = [one for one in server.writes if one.startswith(b"RCPT")]
        assert len(alone) == 1, "only the bad one was asked step by step"


def test_messages_per_connection(transports: list[SmtpTransport]) -> None:
    here = [message(number) for number in range(1, 5)]
    there = [message(number, recipient=f"r{number}@Slow.example") for number in range(5, 9)]
    with Faulty() as server:
        transports.append(transport := smtp(server, per_connection=3, for_domain={"slow.example": 1}))
        assert send_all(transport, here + there) == [SENT] * 8
    assert [one.connection for one in server.taken] == [1, 1, 1, 2, 2, 3, 4, 5]


def test_what_the_server_does_not_offer_is_not_used() -> None:
    with Faulty(capabilities=()) as server:
        send_all(smtp(server), [message(1)])
        wide = message(2, content="a: b\r\n\r\né\r\n".encode())
        assert send_all(smtp(server), [wide]) == [NEVER]
    assert [one for one in server.commands if one.startswith("MAIL")] == ["MAIL FROM:<digest@example.org>"]
    with Faulty() as server:
        assert send_all(smtp(server), [wide]) == [SENT]
    assert f"MAIL FROM:<digest@example.org> SIZE={len(wide.content)} BODY=8BITMIME" in server.commands


def test_a_connection_that_was_idle_too_long_is_made_anew(transports: list[SmtpTransport]) -> None:
    with Faulty(script={"RSET": [HANG_UP, "250 ok", "421 4.4.2 idle"]}) as server:
        transports.append(transport := smtp(server))
        for number in range(1, 5):
            transport.send(message(number))
        transport.close()
    assert arrived(server) == READERS
    assert [one.connection for one in server.taken] == [1, 2, 2, 3]


def test_a_server_that_takes_small_mails_alone_is_told_before_any_is_sent() -> None:
    with Faulty(capabilities=("SIZE 100000",)) as server, pytest.raises(PermanentDeliveryError, match="100,000 bytes"):
        SmtpTransport("127.0.0.1", server.port, "none", timeout=10).check()
