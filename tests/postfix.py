"""A private Postfix on loopback: it delivers into Maildirs and bounces what is for a domain that has no readers."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

_MAIN = """
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log/postfix.log
maillog_file_prefixes = {folder}
mail_owner = {owner}
myhostname = out.example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/etc/server.pem
virtual_mailbox_domains = example.net, bounces.example.org, gone.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = regexp:{folder}/etc/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_reject_unlisted_recipient = no
"""
_BOXES = "/@example\\.net$/ readers/\n/@bounces\\.example\\.org$/ bounces/\n"
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    port: int
    ca_file: Path
    folder: Path

    def box(self, name: str, count: int = 1, seconds: float = 30) -> list[bytes]:
        """What is in a Maildir, once so many have come, with the CRLF that they had on the way."""
        until = time.monotonic() + seconds
        while len(found := sorted((self.folder / "mail" / name / "new").glob("*"))) < count:
            if time.monotonic() > until:
                raise OSError(f"{len(found)} of {count} mails came into {name}: {self.log()[-1500:]}")
            time.sleep(0.1)
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in found]

    def log(self) -> str:
        path = self.folder / "log" / "postfix.log"
        return path.read_text() if path.exists() else ""


@contextmanager
def postfix(folder: Path) -> Iterator[Postfix]:
    """Runs while the block lasts. Needs root, as Postfix has several users; `folder` must be open to them."""
    owner = pwd.getpwnam("postfix")
    for name in ("etc", "spool", "data", "mail", "log"):
        (folder / name).mkdir()
    for name in ("data", "mail"):
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "etc" / "server.pem")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {"folder": folder, "owner": owner.pw_name, "uid": owner.pw_uid, "gid": owner.pw_gid, "port": port}
    (folder / "etc" / "main.cf").write_text(_MAIN.format(**told))
    (folder / "etc" / "master.cf").write_text(_MASTER.format(**told))
    (folder / "etc" / "boxes").write_text(_BOXES)
    command = ["/usr/sbin/postfix", "-c", str(folder / "etc")]
    started = subprocess.run([*command, "start"], capture_output=True, text=True, timeout=60)
    try:
        if started.returncode:
            raise OSError(f"Postfix does not start: {started.stderr}")
        yield Postfix(port, folder / "ca.pem", folder)
    finally:
        subprocess.run([*command, "stop"], capture_output=True, timeout=60)
