"""Draws the templates (jinja2 lives here): the operator's before the shipped ones, and every fault by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.bccache import Bucket, BytecodeCache
from markupsafe import Markup

from digest.errors import RenderError
from digest.render.colour import mixed, readable
from digest.render.inline import inline_piece, tidy
from digest.render.stencil import waiting


class _Compiled(BytecodeCache):
    """Templates that this process has compiled, so that a daemon that reads its settings again need not do so."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_MARKED_UP, _PLAIN = _Compiled(), _Compiled()  # apart, as what is escaped is compiled into the code


class Drawing:
    """Earlier folders of `templates` override later ones, file by file. Every template sees the publisher as `site`."""

    def __init__(self, templates: Sequence[Path], site: dict[str, object]) -> None:
        self._folders, self.site = tuple(map(str, templates)), site
        environment = partial(
            Environment,
            loader=FileSystemLoader(self._folders),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.marked_up = environment(autoescape=True, bytecode_cache=_MARKED_UP)
        self.plain = environment(autoescape=False, bytecode_cache=_PLAIN)
        self.plain.filters |= {
            "mixed": mixed,
            "readable": readable,
            "wrap": partial(waiting, "wrap"),
            "upper": partial(waiting, "upper"),
        }
        self.css = lru_cache(self._css)

    def html(self, name: str, **values: object) -> str:
        return self._draw(self.marked_up, name, **values)

    def tidy(self, name: str, **values: object) -> str:
        """Html without blanks that say nothing."""
        return tidy(self.html(name, **values)) + "\n"

    def text(self, name: str, **values: object) -> str:
        return self._draw(self.plain, name, **values)

    def inlined(self, html: str) -> str:
        """A piece of a mail's body with its css where it applies."""
        return tidy(inline_piece(html, self.css("mail.css"))) + "\n"

    def source(self, name: str) -> str:
        with _told(self._folders, name):
            return self.plain.loader.get_source(self.plain, name)[0] if self.plain.loader else ""

    def _css(self, name: str) -> Markup:
        return Markup(tidy(self.text(name)))  # noqa: S704 - the operator's own file

    def _draw(self, environment: Environment, name: str, **values: object) -> str:
        with _told(self._folders, name):
            return environment.get_template(name).render(site=self.site, **values)


@contextmanager
def _told(folders: Sequence[str], name: str) -> Iterator[None]:
    """Turns whatever a template can do wrong into a RenderError that names it."""
    try:
        yield
    except TemplateNotFound as error:
        raise RenderError(f"template {error.name} is in none of: {', '.join(folders)}") from error
    except TemplateSyntaxError as error:
        raise RenderError(f"template {error.name or name}, line {error.lineno}: {error.message}") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, OSError) as error:
        raise RenderError(f"template {name}: {error}") from error
