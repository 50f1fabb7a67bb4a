"""Tells a WebSub hub which feeds changed. Does not know what is in them. Knows the publisher's part only."""

from __future__ import annotations

import logging
from collections.abc import Sequence

PATIENCE = 5.0  # seconds for each step of a request
_MOST_LOST = 2  # after so many addresses in a row that the hub did not take, the others wait for another time

log = logging.getLogger(__name__)


def ping(hub: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """Say that each address has something new; returns those that the hub took. Never raises."""
    import httpx  # takes a moment, and few runs have anything to tell

    taken: list[str] = []
    lost = 0
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        for address in addresses:
            try:
                answer = client.post(hub, data={"hub.mode": "publish", "hub.url": address})
                trouble = "" if answer.is_success else f"status {answer.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                trouble = f"{type(error).__name__}: {error}"
            if trouble:
                log.warning("hub_not_told hub=%s feed=%s reason=%s", hub, address, trouble)
                lost += 1
            else:
                taken.append(address)
                lost = 0
            if lost >= _MOST_LOST:
                break
    return tuple(taken)
