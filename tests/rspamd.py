"""A private rspamd on loopback, which resolves all names by the tests' own name server."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CONFIG = """
.include "$CONFDIR/common.conf"
options {{
  pidfile = "{folder}/rspamd.pid"; filters = "chartable,dkim,regexp,fuzzy_check";
  dns {{ nameserver = ["{dns}"]; timeout = 1s; retransmits = 1; }}
  control_socket = "{folder}/control.sock mode=0600"; local_addrs = "127.0.0.0/8"; hs_cache_dir = "{folder}";
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
lua = "/dev/null";
"""
# They ask lists on the internet, or keep what they learn: neither belongs here.
_OFF = ("rbl", "surbl", "fuzzy_check", "asn", "phishing", "mx_check", "bayes", "redis", "history_redis", "greylist",
        "ratelimit", "reputation", "url_redirector", "neural", "spamassassin", "maillist", "hfilter")  # fmt: skip


@contextmanager
def rspamd(folder: Path, dns: str) -> Iterator[str]:
    """Its address while the block lasts. OSError with its log if it does not begin to answer."""
    local = folder / "local"
    (local / "local.d").mkdir(parents=True, exist_ok=True)
    for module in _OFF:
        (local / "local.d" / f"{module}.conf").write_text("enabled = false;\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "rspamd.conf"
    config.write_text(_CONFIG.format(folder=folder, dns=dns, port=port))
    variables = [f"--var={name}={folder}" for name in ("DBDIR", "RUNDIR", "LOGDIR")]
    process = subprocess.Popen(
        ["rspamd", "--no-fork", "--insecure", f"--config={config}", f"--var=LOCAL_CONFDIR={local}", *variables],
        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        _wait(port, process, folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(960):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2).close()
            return
        except OSError:
            time.sleep(0.25)
    log = folder / "rspamd.log"
    raise OSError(f"rspamd does not answer: {log.read_text()[-2000:] if log.exists() else 'no log'}")


def scored(at: str, content: bytes, envelope: Mapping[str, str]) -> tuple[float, dict[str, float]]:
    """Its score of a message, and every symbol that counts for something."""
    request = urllib.request.Request(f"{at}/checkv2", data=content, headers=dict(envelope))
    with urllib.request.urlopen(request, timeout=60) as answer:
        told: dict[str, Any] = json.load(answer)
    return float(told["score"]), {name: float(one["score"]) for name, one in told["symbols"].items()}
