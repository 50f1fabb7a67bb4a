"""Dumps as programs save them: a mail with its encodings, parts and quotations, a page as MHTML, Windows' letters.

Does not know what is in them: a text comes out as its source wrote it, behind the dates of the mails it was in.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from email.message import Message

from digest.errors import ListingError
from digest.listings import compressed, form
from digest.listings.form import Sheet

# Characters of a mail; arXiv's largest have a tenth.
_LARGEST = 8 * 2**20
# More of these are no mail, and cost the library the square of their number: parts in parts, ends of parts, parameters.
_MOST_NESTED, _MOST_ENDS = 20, 20_000
_NESTED = re.compile(rb"\b(?:multipart|message)/", re.IGNORECASE)
_LONG_TYPE = re.compile(rb"^Content-(?:Type|Disposition):(?:[^\n]|\n[ \t]){2000}", re.MULTILINE | re.IGNORECASE)
_HEAD = 2**16
_MAIL = re.compile(
    r"(?:From [^\n]{1,300}\n)?(?:[A-Za-z][A-Za-z0-9-]{0,60}:[^\n]*\n(?:[ \t][^\n]*\n)*){0,200}?"
    r"(?:MIME-Version|Content-Type|Content-Transfer-Encoding):",
    re.IGNORECASE,
)
_OF_A_MAILBOX = re.compile(rb"^From \S{1,200} [^\r\n]{8,60}\r?\n[A-Za-z-]{1,60}:", re.MULTILINE)
_QUOTED = re.compile(r"^(?:> ?){1,20}", re.MULTILINE)
_OF_A_QUOTATION = 0.8  # the share of lines that begin as one

# Encodings of texts; Python knows others that decompress, or cost the square of a length.
_CODECS = re.compile(
    r"ascii|utf-(?:8|16)|iso8859-[0-9]{1,2}|cp125[0-8]|koi8-[ru]|shift_jis|euc_(?:jp|kr)|iso2022_jp|gb(?:2312|k|18030)|big5"
)


def decoded(content: bytes, declared: str) -> str | None:
    """The text in the encoding of that name; None for one that texts are not in."""
    try:
        codec = codecs.lookup(declared).name
    except LookupError:
        return None
    return content.decode(codec, "replace") if _CODECS.fullmatch(codec) else None


def opened(sheet: Sheet) -> Sheet:
    """The sheet with the text that was saved. ListingError for a mailbox of several mails."""
    text = sheet.text
    if len(text) <= _LARGEST and _MAIL.match(text[:_HEAD].replace("\r\n", "\n")):
        text = _of_mail(sheet) or text
    elif "\ufffd" in text and not text.lstrip().startswith("<"):  # XML tells its encoding
        text = _in_letters(sheet) or text
    head = text[:_HEAD]
    if head.count("\n>") > _OF_A_QUOTATION * head.count("\n"):
        text = _QUOTED.sub("", text)
    return sheet if text is sheet.text else replace(sheet, text=text)


def content_of(sheet: Sheet) -> bytes:
    """The bytes that the text was made of; no more than a dump that is read as a whole may have."""
    found = bytearray()
    for piece in compressed.unpacked(sheet.dump)[1]:
        found += piece
        if len(found) > form.LARGEST:
            break
    return bytes(found)


def _in_letters(sheet: Sheet) -> str | None:
    """The text as Windows writes it, if nothing but ASCII of it is UTF-8."""
    content = content_of(sheet)
    return content.decode("cp1252", "replace") if content.decode("utf-8", "ignore").isascii() else None


# --- mails -------------------------------------------------------------------------------------------------------


def _of_mail(sheet: Sheet) -> str | None:
    """The longest plain text of a mail, else its longest HTML; None where there is neither."""
    content = content_of(sheet)
    mails = len(_OF_A_MAILBOX.findall(content))
    if mails > 1:
        raise ListingError(f"{sheet.dump.name}: a mailbox of {mails} mails, and a dump is one; save each by itself")
    nested, ends = len(_NESTED.findall(content)), content.count(b"\n--")
    if nested > _MOST_NESTED or ends > _MOST_ENDS or _LONG_TYPE.search(content):
        return None
    try:
        return _longest(list(message_from_bytes(content).walk()))
    except Exception:  # the parser does not say what hostile bytes make it raise
        return None


def _longest(parts: Sequence[Message]) -> str | None:
    for kind in ("text/plain", "text/html"):
        texts = [_text(part) for part in parts if part.get_content_type() == kind]
        if longest := max(texts, key=len, default=""):
            dates = "".join(f"Date: {part['Date']}\n" for part in parts if part["Date"])
            return longest if kind == "text/html" else f"{dates}\n{longest}"
    return None


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    return decoded(content, part.get_content_charset("utf-8")) or content.decode("utf-8", "replace")
