"""Words, numbers and dates in a reader's language: gettext catalogues through Babel (which lives here).

English is what the program is written in and has no catalogue; any other language is `digest/locale/TAG.po`. Catalogues
are compiled when they are first asked for, so nothing compiled has to be kept. Uses no clock and no system locale.
"""

from __future__ import annotations

import gettext
from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from digest.errors import RenderError

ENGLISH = "en"
CATALOGUES = Path(__file__).parent.parent / "locale"


def languages() -> tuple[str, ...]:
    """The tags of all that there are, English first."""
    return (ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po")))


@cache
def language(tag: str) -> Language:
    """RenderError if there is no such language."""
    if tag not in languages():
        raise RenderError(f"there is no language {tag!r}; there are: {', '.join(languages())}")
    try:
        return Language(tag, gettext.NullTranslations() if tag == ENGLISH else _catalogue(tag))
    except (UnknownLocaleError, PoFileError, ValueError, OSError) as error:
        raise RenderError(f"the language {tag!r} cannot be used: {error}; check {CATALOGUES / tag}.po") from error


@cache
def source(tag: str) -> str:
    """All its messages and their translations, as they are kept; empty for English."""
    return "" if tag == ENGLISH else (CATALOGUES / f"{tag}.po").read_text("utf-8")


def _catalogue(tag: str) -> gettext.NullTranslations:
    compiled = BytesIO()
    with (CATALOGUES / f"{tag}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=tag.replace("-", "_"), abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Language:
    """Messages are written in English where they are needed; what they hold is named, as `%(title)s`."""

    def __init__(self, tag: str, catalogue: gettext.NullTranslations) -> None:
        self.tag = tag
        self._locale = Locale.parse(tag, sep="-")
        self._catalogue = catalogue
        self.direction = str(self._locale.text_direction)
        self.number = lru_cache(16_384)(self._number)  # scores are of a few thousand
        self.date = lru_cache(1024)(self._date)

    def gettext(self, message: str, **values: str) -> str:
        return self._filled(self._catalogue.gettext(message), values)

    def pgettext(self, context: str, message: str, **values: str) -> str:
        """For a message that says little by itself, or something else elsewhere."""
        return self._filled(self._catalogue.pgettext(context, message), values)

    def ngettext(self, one: str, many: str, number: int, **values: str) -> str:
        """`number` decides which, and is `%(count)s` in it."""
        return self._filled(self._catalogue.ngettext(one, many, number), {"count": self.number(number), **values})

    def worded(self, said: Sequence[str]) -> str:
        """What the core said: a message with `{}` for each value, and the values."""
        message, *values = said
        return self._catalogue.gettext(message).format(*values)

    def listed(self, words: Sequence[str]) -> str:
        """`a`, `a and b`, `a, b and c`."""
        *most, last = tuple(words) or ("",)
        joined = self.pgettext("between the words of a list", ", ").join(most)
        return self.gettext("%(words)s and %(last)s", words=joined, last=last) if most else last

    @staticmethod
    def _filled(message: str, values: dict[str, str]) -> str:
        return message % values if values else message

    def _number(self, number: int) -> str:
        return str(format_decimal(number, locale=self._locale))

    def _date(self, day: date, pattern: str) -> str:
        """`pattern` as the Unicode locale data has them: `d MMM y`."""
        return str(format_date(day, pattern, self._locale))

    def long_date(self, day: date) -> str:
        return self.date(day, self.pgettext("pattern of a date with weekday", "EEEE, d MMMM y"))

    def date_of_year(self, day: date) -> str:
        return self.date(day, self.pgettext("pattern of a short date with year", "d MMM y"))

    def short_date(self, day: date) -> str:
        return self.date(day, self.pgettext("pattern of a short date", "d MMM"))

    def month_date(self, day: date) -> str:
        return self.date(day, self.pgettext("pattern of a date without year", "d MMMM"))

    def month(self, day: date) -> str:
        return self.date(day, self.pgettext("pattern of a month with year", "LLLL y"))

    def weekday_dates(self, first: date, last: date) -> str:
        """One day, or from one to another; each stays on one line."""
        ends = self.date(last, self.pgettext("pattern of a short date with weekday", "EEE d MMM"))
        if first != last:
            same = (first.year, first.month) == (last.year, last.month)
            day = self.pgettext("pattern of a day of the month with weekday", "EEE d")
            whole = self.pgettext("pattern of a short date with weekday", "EEE d MMM")
            ends = f"{self.date(first, day if same else whole)}\0{ends}"
        return ends.replace(" ", "\u00a0").replace("\0", "\u00a0– ")
