"""What a sender's name servers should say: SPF, DKIM, DMARC, MX and PTR, and whether they do; dnspython comes in here.

Does not know about messages. A name server that does not answer is no fault: nothing is then said of the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from ipaddress import ip_address

import dns.exception
import dns.rdatatype
import dns.resolver
import dns.reversename

from digest.errors import ConfigError
from digest.model import Site

_LOOKUPS = 10  # of one SPF check (RFC 7208 4.6.4)
_COUNTED = re.compile(r"[+?~-]?(include:|a$|a[:/]|mx$|mx[:/]|ptr|exists:)|redirect=", re.I)
_STEPS = 8  # names that the walk up the tree asks at most (RFC 9989)


class State(StrEnum):
    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record to publish. `value` is as the zone has it; in words where only the operator knows it."""

    name: str
    kind: str  # TXT, MX, PTR
    value: str
    why: str
    check: Callable[[Names], str]  # what was found; LookupError says what is wrong

    @property
    def line(self) -> str:
        """As it is written in a zone file: no string is longer than 255 octets."""
        if self.kind != "TXT":
            return f"{self.name}. {self.kind} {self.value}"
        strings = " ".join(f'"{self.value[at : at + 255]}"' for at in range(0, len(self.value), 255))
        return f"{self.name}. TXT {strings}"


class SilentError(Exception):
    """No name server answers."""


class Names:
    """A resolver that gives up soon, and for good once no server has answered."""

    def __init__(self, server: str | None = None, seconds: float = 4.0) -> None:
        """`server` is ADDRESS or ADDRESS:PORT, in place of the system's own. ConfigError if it is neither."""
        self._silent = False
        try:
            self._resolver = dns.resolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration:
            self._resolver, self._silent = dns.resolver.Resolver(configure=False), True
        self._resolver.lifetime = seconds
        if server is not None:
            address, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "53")
            try:
                self._resolver.nameservers = [str(ip_address(address))]
                self._resolver.port = int(port)
            except ValueError:
                raise ConfigError(
                    f"--resolver: {server} is not an address; write it as 192.0.2.1 or 192.0.2.1:53"
                ) from None

    def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """The answers in order, strings of a TXT joined; none if there are none. SilentError if nobody answers."""
        if self._silent:
            raise SilentError
        try:
            found = self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.resolver.NoNameservers:  # or none that can tell of this name
            raise SilentError from None
        except (dns.exception.Timeout, OSError):
            self._silent = True
            raise SilentError from None
        except dns.exception.DNSException as error:
            raise LookupError(f"{name} cannot be asked for: {error}") from None
        if found.rdtype == dns.rdatatype.TXT:
            return tuple(sorted(b"".join(one.strings).decode("utf-8", "replace") for one in found))
        return tuple(sorted(one.to_text() for one in found))


def check(record: Record, names: Names) -> tuple[State, str]:
    try:
        return State.OK, record.check(names)
    except SilentError:
        return State.UNKNOWN, "no name server answers here"
    except LookupError as error:
        return State.WRONG, str(error.args[0])


def wanted(site: Site, host: str | None, domain: str, keys: Mapping[str, str]) -> Iterator[Record]:
    """The records for these settings.

    `host` is the mail server that the digest hands over to, None if that is a folder; `keys` the DKIM records of the
    digest's own keys by selector.
    """
    sender = site.sender.rpartition("@")[2].lower()
    bounces = (site.bounce or site.sender).rpartition("@")[2].lower()
    outside = host if host and _is_public(host) else None
    reports = site.reply_to if (site.reply_to or "").lower().endswith(f"@{sender}") else site.sender
    yield Record(
        name=bounces,
        kind="TXT",
        value=f"v=spf1 a:{outside} ~all" if outside else "v=spf1 mx ~all",
        why="SPF: the servers that send for the envelope's domain. Put yours in, or the include: that your relay names",
        check=partial(_spf, domain=bounces),
    )
    for selector, value in keys.items():
        at = f"{selector}._domainkey.{domain}"
        yield Record(
            name=at,
            kind="TXT",
            value=value,
            why="DKIM: the key of the digest's own signatures",
            check=partial(_dkim, name=at, value=value),
        )
    yield Record(
        name=f"_dmarc.{sender}",
        kind="TXT",
        value=f"v=DMARC1; p=none; np=reject; rua=mailto:{reports}",
        why="DMARC: to begin with. Once the reports name nobody but you: p=quarantine; t=y, then the same without t=y",
        check=partial(_dmarc, domain=sender),
    )
    addresses = (site.bounce or site.sender, site.reply_to, site.unsubscribe_mail)
    for name in dict.fromkeys(one.rpartition("@")[2].lower() for one in addresses if one):
        yield Record(
            name=name,
            kind="MX",
            value="10 the server that takes its mail",
            why="what comes back (bounces, answers, unsubscriptions) has to arrive",
            check=partial(_mx, domain=name),
        )
    if outside:
        yield Record(
            name=f"reverse name of {outside}",
            kind="PTR",
            value=f"{outside}.",
            why="the sending server's address must have a name that leads back to it; ask whoever gave you the address",
            check=partial(_ptr, host=outside),
        )


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".local", ".localhost", ".internal", ".test"))


# --- what is there -------------------------------------------------------------------------------------------------


def _tagged(names: Names, name: str, start: str) -> list[str]:
    return [text for text in names.ask(name, "TXT") if text.lower().startswith(start)]


def _spf(names: Names, domain: str) -> str:
    found = [text for text in _tagged(names, domain, "v=spf1") if text[6:7] in ("", " ")]
    if len(found) != 1:
        raise LookupError(f"{domain} has {len(found) or 'no'} SPF records; publish one")
    terms = found[0].lower().split()
    last = [term for term in terms if term.endswith("all") and term.lstrip("+?~-") == "all"]
    if not last and not any(term.startswith("redirect=") for term in terms):
        raise LookupError(f"“{found[0]}” has no end; add ~all or -all")
    if last and last[-1] in ("all", "+all", "?all"):
        raise LookupError(f"“{found[0]}” lets anybody send; end it with ~all or -all")
    if (asked := _lookups(names, domain, set())) > _LOOKUPS:
        raise LookupError(f"“{found[0]}” takes {asked} look-ups, and checkers stop after {_LOOKUPS}; name addresses")
    return found[0]


def _lookups(names: Names, domain: str, seen: set[str]) -> int:
    """How many questions a check of the domain asks, includes followed."""
    if domain in seen or len(seen) > 2 * _LOOKUPS:
        return 0
    seen.add(domain)
    total = 0
    for term in (term for text in _tagged(names, domain, "v=spf1") for term in text.split()[1:]):
        total += bool(_COUNTED.match(term))
        if follow := re.fullmatch(r"(?:[+?~-]?include:|redirect=)([^%/]+)", term, re.I):
            total += _lookups(names, follow[1].lower(), seen)
    return total


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): re.sub(r"\s", "", value) for name, _, value in pairs if name.strip()}


def _dkim(names: Names, name: str, value: str) -> str:
    found = names.ask(name, "TXT")
    if len(found) != 1:
        raise LookupError(f"{name} has {len(found) or 'no'} TXT records; publish this one")
    if _tags(found[0]).get("p") != _tags(value)["p"]:
        raise LookupError(f"{name} holds another key; publish this one, or sign with that one")
    return "the key is there"


def _dmarc(names: Names, domain: str) -> str:
    """The policy, looked for up the tree: the domain, then the last so many labels of it, one fewer at a time."""
    labels = domain.split(".")
    places = [labels, *(labels[-left:] for left in range(min(len(labels) - 1, _STEPS - 1), 0, -1))]
    for place in places:
        found = _tagged(names, f"_dmarc.{'.'.join(place)}", "v=dmarc1")
        if len(found) > 1:
            raise LookupError(
                f"_dmarc.{'.'.join(place)} has {len(found)} DMARC records, which counts as none; keep one"
            )
        if found:
            return _policy(found[0])
    raise LookupError(f"neither _dmarc.{domain} nor a name above it has a DMARC record; publish this one")


def _policy(text: str) -> str:
    tags = _tags(text)
    for name in ("p", "sp", "np"):
        if tags.get(name, "none").lower() not in ("none", "quarantine", "reject"):
            raise LookupError(f"“{text}”: {name}= must be none, quarantine or reject")
    if "p" not in tags:
        raise LookupError(f"“{text}” has no p=, which counts as p=none; write it")
    if "pct" in tags:
        raise LookupError(f"“{text}”: pct= is gone (RFC 9989) and not read any more; write t=y to test, or drop it")
    return text


def _mx(names: Names, domain: str) -> str:
    found = names.ask(domain, "MX")
    if found == ("0 .",):
        raise LookupError(f"{domain} says that it takes no mail; use another domain in the settings")
    if not found and not (names.ask(domain, "A") or names.ask(domain, "AAAA")):
        raise LookupError(f"{domain} takes no mail: it has neither an MX record nor an address")
    return ", ".join(found) or "no MX record, but an address, which does"


def _ptr(names: Names, host: str) -> str:
    try:
        addresses: tuple[str, ...] = (str(ip_address(host)),)
    except ValueError:
        addresses = names.ask(host, "A") + names.ask(host, "AAAA")
    if not addresses:
        raise LookupError(f"{host} has no address")
    for address in addresses:
        back = names.ask(dns.reversename.from_address(address).to_text(), "PTR")
        forth = {found for name in back for found in names.ask(name, "A") + names.ask(name, "AAAA")}
        if address not in forth:
            raise LookupError(
                f"{address}, an address of {host}, has {'no name that leads back to it' if back else 'no name'}"
            )
    return ", ".join(addresses)
