"""Figures as Prometheus wants them: text, and answers over HTTP on this machine. prometheus_client lives here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from digest.model import Figure

LOOPBACK = "127.0.0.1"


class _Figures(Collector):
    def __init__(self, figures: Callable[[], Sequence[Figure]]) -> None:
        self._figures = figures

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()  # so that registering asks for nothing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for one in self._figures():
            names = sorted(one.labels)
            if one.name not in families:
                families[one.name] = GaugeMetricFamily(one.name, one.about, labels=names)
            families[one.name].add_metric([one.labels[name] for name in names], one.value)
        yield from families.values()


def _registry(figures: Callable[[], Sequence[Figure]]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    return registry


def text(figures: Sequence[Figure]) -> bytes:
    """The text format; labels and help are escaped. Figures of one name have the same labels."""
    return generate_latest(_registry(lambda: figures))


def serve(figures: Callable[[], Sequence[Figure]], port: int) -> Callable[[], None]:
    """Answer on this machine's loopback until the returned function is called. OSError if the port is taken.

    `figures` is called for each answer, in a thread of its own.
    """
    server, thread = start_http_server(port, addr=LOOPBACK, registry=_registry(figures))

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
