"""The command that proves a ranking on past days: backtest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.markup import escape

from digest import config
from digest.cli import tables
from digest.cli.codes import DONE, WORSE
from digest.cli.context import Context
from digest.cli.progress import progress
from digest.cli.screen import out, required
from digest.cli.world import background
from digest.config import Settings
from digest.files import write_whole
from digest.model import Chart, ChartLine, Profile
from digest.pipeline.backtest import FEWEST_DAYS, LIKES, VOTES, Backtest, Compared, backtest
from digest.render import Renderer
from digest.text import counted

MAIN = {"votes": VOTES, "likes": LIKES}


def backtest_command(
    context: Context, first: date, last: date, names: tuple[str, ...], by: str, plot: Path | None, as_json: bool
) -> int:
    required(first <= last, f"--from {first} is after --to {last}; turn them round.")
    required(plot is None or plot.suffix == ".svg", f"{plot}: the plot is an SVG file; give it a name such as days.svg")
    settings = [context.settings, *([config.load(context.compared_file)] if context.compared_file else [])]
    profiles = _profiles(settings, names)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    with context.store() as store, progress("Backtesting") as show:
        found = backtest(store, background, profiles, settings[0].subscriptions, days, MAIN[by], show)
    labels = _labels([one.file for one in settings])
    if plot:
        renderer = Renderer(context.settings.templates, context.settings.site)
        write_whole(plot, renderer.chart(_chart(found, labels)).encode())
    if as_json:
        tables.print_json(_json(found, labels))
    else:
        _say(found, labels)
    return WORSE if found.worse else DONE


def _profiles(settings: Sequence[Settings], names: Sequence[str]) -> list[Mapping[str, Profile]]:
    """The wanted profiles of each configuration; without names those that all of them have."""
    common = [name for name in settings[0].profiles if all(name in one.profiles for one in settings)]
    for name in names:
        required(name in common, f"no profile “{name}” to play; there are: {', '.join(common) or 'none'}")
    required(common, "the two configurations have no profile of the same name; there is nothing to compare.")
    wanted = [name for name in common if name in names] if names else common
    return [{name: one.profiles[name] for name in wanted} for one in settings]


def _labels(files: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell the files apart."""
    for parts in range(1, max(len(file.parts) for file in files) + 1):
        labels = [str(Path(*file.parts[-parts:])) for file in files]
        if len(set(labels)) == len(labels):
            return labels
    return [f"{file} ({number})" for number, file in enumerate(files, start=1)]  # a file against itself


def _number(value: float, form: str = ".3f") -> str:
    return "" if math.isnan(value) else format(value, form)


def _interval(one: Compared) -> str:
    return "" if math.isnan(one.low) else f"{one.low:+.4f} to {one.high:+.4f}"


def _say(found: Backtest, labels: Sequence[str]) -> None:
    known = [one for one in found.measures if not math.isnan(one.plain) or not all(map(math.isnan, one.values))]
    tables.table(
        "profile", "measure", *labels, "plain votes", "difference", "95 % interval", "days",
        rows=(
            (
                one.profile or ("all" if len(found.profiles) > 1 else found.profiles[0]),
                one.measure,
                *map(_number, one.values),
                _number(one.plain),
                _number(one.difference, "+.4f"),
                _interval(one),
                one.days,
            )
            for one in known
        ),
        right=(*labels, "plain votes", "difference", "95 % interval", "days"),
    )  # fmt: skip
    out.print(escape(_sentence(found, labels)), soft_wrap=True)


def _sentence(found: Backtest, labels: Sequence[str]) -> str:
    verdict, other = found.verdict, labels[0] if len(labels) > 1 else "plain votes"
    if math.isnan(verdict.difference):
        return f"No day can be judged: nothing was told later for {found.main}."
    days = counted(verdict.days, "day")
    what = f"{labels[-1]} against {other}: {found.main} {verdict.difference:+.4f} over {days}"
    if verdict.days < FEWEST_DAYS:
        return f"{what}; too few days to tell which is better."
    if verdict.low > 0 or verdict.high < 0:
        return f"{what}; {labels[-1]} is {'better' if verdict.low > 0 else 'worse'} at it."
    return f"{what}; that may be chance."


# --- for programs, and for the eye ---------------------------------------------------------------------------------


def _json(found: Backtest, labels: Sequence[str]) -> dict[str, Any]:
    """The stable shape of `backtest --json`; null where there is no figure."""
    shape = {
        "configurations": labels,
        "profiles": found.profiles,
        "main": found.main,
        "worse": found.worse,
        "measures": found.measures,
        "days": found.days,
    }
    return dict(_without_nan(tables.plain(shape)))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _chart(found: Backtest, labels: Sequence[str]) -> Chart:
    verdict = found.verdict
    series = {
        **{label: [day.values[place] for day in found.days] for place, label in enumerate(labels)},
        "plain votes": [day.plain for day in found.days],
    }
    means = (*verdict.values, verdict.plain)
    return Chart(
        title=found.main,
        subtitle=f"{_sentence(found, labels)} Profiles: {', '.join(found.profiles)}.",
        unit="NDCG@10, 1 is the best order there is",
        days=tuple(day.date for day in found.days),
        lines=tuple(
            ChartLine(name=name, values=tuple(map(_known, values)), mean=_known(mean))
            for (name, values), mean in zip(series.items(), means, strict=True)
        ),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
