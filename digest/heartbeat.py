"""Tells a watching service that a run has ended, as healthchecks.io has it. Never raises, never takes long."""

from __future__ import annotations

import logging
import threading
from urllib.parse import urlsplit

log = logging.getLogger(__name__)


logging.getLogger("httpx").setLevel(logging.WARNING)  # below that it writes whole addresses


def ping(url: str, *, well: bool, words: str = "", timeout: float = 5.0) -> bool:
    """POST to the address, or to /fail behind it; False if it could not be done in so many seconds.

    The address is a secret: only its host is logged. `words` go with it as the body.
    """
    import httpx  # takes a moment, and few are told

    target = url if well else f"{url.rstrip('/')}/fail"
    ended: list[str] = []

    def post() -> None:
        try:
            # The service is not asked through a proxy that is there for fetching, and sends nobody elsewhere.
            with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client:
                answer = client.post(target, content=words.encode()[:10_000])
            ended.append("" if answer.is_success else f"status {answer.status_code}")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            ended.append(type(error).__name__)

    # Time limits of a client are for each step of it; a thread that is not waited for is a limit for all of them.
    thread = threading.Thread(target=post, daemon=True, name="heartbeat")
    thread.start()
    thread.join(timeout)
    fault = ended[0] if ended else "timeout"
    if fault:
        log.warning("heartbeat_failed host=%s reason=%s", _host(url), fault)
    return not fault


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
