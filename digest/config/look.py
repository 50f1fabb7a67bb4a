"""[look]: the colours, logo, texts and languages that the user may choose, and what each may be."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from digest.config.values import Colour, Line, Row, Url
from digest.model import DARK, LIGHT, Logo, Look, Palette, Texts

CATALOGUES = Path(__file__).parent.parent / "locale"
READABLE = 4.5  # WCAG 2.2 AA for normal text


@cache  # there may be thousands of subscriptions
def _languages() -> tuple[str, ...]:
    return ("en", *sorted(path.stem for path in CATALOGUES.glob("*.po")))


def _language(tag: str) -> str:
    if tag not in _languages():
        raise ValueError(f"there is no such language; write one of {', '.join(_languages())}")
    return tag


def _background(colour: str) -> str:
    if colour.lower() in ("#ffffff", "#000000"):
        near = "#fefefe" if colour.lower() == "#ffffff" else "#010101"
        raise ValueError(f"is a colour that mail programs with a dark mode of their own replace; write {near}")
    return colour


def _https(url: str) -> str:
    if not url.startswith("https://"):
        raise ValueError("must be an https address, as mail programs show no other pictures")
    return url


Language = Annotated[str, AfterValidator(_language)]
_Background = Annotated[Colour, AfterValidator(_background)]


class _PaletteTable(Row):
    """Colours of one scheme; what is written with them must be readable on what is behind it."""

    page: _Background
    sheet: _Background
    ink: Colour
    text: Colour
    quiet: Colour
    line: Colour
    accent: Colour | None = None

    @model_validator(mode="after")
    def _is_readable(self) -> _PaletteTable:
        if faults := "; ".join(self._faults()):
            raise ValueError(f"{faults}; a contrast of {READABLE} is needed to be read")
        return self

    def _faults(self) -> Iterator[str]:
        from digest.render.colour import contrast  # templates' library comes with it: only for those who set colours

        for name in ("ink", "text", "quiet", "accent"):
            colour = getattr(self, name)
            if colour and (found := contrast(colour, self.sheet)) < READABLE:
                yield f"{name} {colour} on the sheet {self.sheet} has a contrast of {found:.1f}"

    def palette(self) -> Palette:
        return Palette(**self.model_dump() | {"accent": self.accent or ""})


class LightTable(_PaletteTable):
    page: _Background = LIGHT.page
    sheet: _Background = LIGHT.sheet
    ink: Colour = LIGHT.ink
    text: Colour = LIGHT.text
    quiet: Colour = LIGHT.quiet
    line: Colour = LIGHT.line


class DarkTable(_PaletteTable):
    page: _Background = DARK.page
    sheet: _Background = DARK.sheet
    ink: Colour = DARK.ink
    text: Colour = DARK.text
    quiet: Colour = DARK.quiet
    line: Colour = DARK.line


class LogoTable(Row):
    """A picture in place of the name above the title."""

    url: Annotated[Url, AfterValidator(_https)]
    alt: Line
    width: Annotated[int, Field(ge=1, le=512)]
    height: Annotated[int, Field(ge=1, le=512)]


class TextsTable(Row):
    """Own words in one language."""

    masthead: Line | None = None
    footer: Annotated[str, Field(max_length=500)] = ""
    trending: Line | None = None
    explore: Line | None = None
    risen: Line | None = None


class LookTable(Row):
    """[look]: colours, logo and texts of mails and pages."""

    light: LightTable = LightTable.model_construct()
    dark: DarkTable = DarkTable.model_construct()
    logo: LogoTable | None = None
    texts: dict[Language, TextsTable] = Field(default_factory=dict)

    def look(self) -> Look:
        return Look(
            light=self.light.palette(),
            dark=self.dark.palette(),
            logo=Logo(**self.logo.model_dump()) if self.logo else None,
            texts=tuple(
                Texts(language=tag, **{name: words or "" for name, words in table.model_dump().items()})
                for tag, table in self.texts.items()
            ),
        )
