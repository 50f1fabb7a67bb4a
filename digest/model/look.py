"""How the publisher wants mails and pages to look, and what they are to say in some places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours of one scheme as #rrggbb: what is behind, and four kinds of words and lines on it.

    `page` is around the sheet and `sheet` behind the papers. `ink` is for titles, `text` for abstracts, `quiet` for all
    that is beside; `line` parts the papers. `accent` is for marks and links; empty means: a shade of the site's accent
    that can be read on the sheet.
    """

    page: str
    sheet: str
    ink: str
    text: str
    quiet: str
    line: str
    accent: str = ""


LIGHT = Palette(page="#f2eee6", sheet="#fffdf9", ink="#24201b", text="#3d372f", quiet="#665e54", line="#e3dccf")
DARK = Palette(page="#161412", sheet="#201d1a", ink="#efe9de", text="#d8d0c3", quiet="#aba194", line="#3a352f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture in the masthead, in pixels as it is shown. Without pictures its `alt` stands there."""

    url: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The publisher's own words in one language; an empty one leaves the program's."""

    language: str
    masthead: str = ""
    footer: str = ""
    trending: str = ""
    explore: str = ""
    risen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    light: Palette = LIGHT
    dark: Palette = DARK
    logo: Logo | None = None
    texts: tuple[Texts, ...] = ()

    def texts_in(self, language: str) -> Texts:
        return next((one for one in self.texts if one.language == language), Texts(language=language))
