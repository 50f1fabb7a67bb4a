"""What an address is, whoever wrote it where: one form to compare and to mail by, another to show to people."""

from __future__ import annotations

from functools import lru_cache

from email_validator import EmailNotValidError, validate_email


def validated(text: str) -> str:
    """The one form of an address that can be mailed. ValueError that says what is wrong with it."""
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{error} Write a plain address such as reader@example.org") from None
    return checked.ascii_email or checked.normalized


def validated_domain(name: str) -> str:
    """In ASCII and in lower case. ValueError as `validated`."""
    return validated(f"x@{name}").partition("@")[2].lower()


def canonical(text: str) -> str:
    """The same form of whatever stands for an address, be it mailable or not; anything else only without blanks around.

    The domain is in ASCII (punycode) and in lower case. The local part stays, as it is its server's to read.
    """
    local, at, domain = text.strip().rpartition("@")
    return f"{local}@{canonical_domain(domain)}" if at else domain


@lru_cache(4_096)
def canonical_domain(name: str) -> str:
    name = name.strip().rstrip(".").lower()
    try:
        return name if name.isascii() else validated_domain(name)
    except ValueError:
        return name


@lru_cache(4_096)
def readable(address: str) -> str:
    """As people write it, the domain in its own letters; as it is where that would not lead back to the same."""
    if "xn--" not in address:
        return address
    try:
        shown = validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return address
    return shown if canonical(shown) == canonical(address) else address
