"""Puts pip into the virtual environment it is run by: for a Python without ensurepip, as Debian ships it.

One wheel, from the package index that PIP_INDEX_URL names. What it must be is told by its hash, so that a bare
machine's lack of certificates does no harm.
"""

import hashlib
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urljoin

WHEEL = "pip-26.3-py3-none-any.whl"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def read(address: str) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(address, timeout=30, context=context) as answer:  # noqa: S310
        return answer.read()


if not (named := os.environ.get("PIP_INDEX_URL")):
    sys.exit("PIP_INDEX_URL names no package index to fetch pip from.")
index = named.rstrip("/") + "/pip/"
index = re.sub("//[^/]*@", "//", index)  # no password goes where no certificate is looked at
try:
    link = re.search(rf'href="((?:[^"]*/)?{re.escape(WHEEL)}[^"]*)"', read(index).decode())
    if not link:
        raise ValueError(f"{WHEEL} is not there")
    wheel = read(urljoin(index, link[1]))
    if hashlib.sha256(wheel).hexdigest() != SHA256:
        raise ValueError(f"{WHEEL} is another than expected")
except (OSError, ValueError, HTTPException) as error:
    sys.exit(f"{index} gave no pip: {error}")
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, WHEEL)
    path.write_bytes(wheel)
    install = [sys.executable, path / "pip", "install", "--quiet", "--no-index", path]
    sys.exit(subprocess.call(install))  # noqa: S603
