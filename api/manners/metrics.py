"""Figures for Prometheus: what was asked and how long it took, and how the service is now.

Labels are route templates, methods and statuses, never ids or names, so that their number stays
small; what fits no route counts as "other". The registry is the application's own.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from missions.pulse import Figure

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The figures of one application.

    Args:
        figures: the service's present figures, asked for at each scrape.
    """

    def __init__(self, figures: Callable[[], Iterable[Figure]]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self.seconds = Histogram(
            "flyonce_http_request_seconds",
            "Seconds from a request's arrival to the end of its answer",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.under_way = Gauge(
            "flyonce_http_requests_under_way",
            "Requests that are being answered",
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_Figures(figures))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        name = method if method in _METHODS else "other"
        self.seconds.labels(name, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format 0.0.4."""
        return generate_latest(self._registry)


class _Figures(Collector):
    """The service's figures, as they are at the time of asking."""

    def __init__(self, figures: Callable[[], Iterable[Figure]]) -> None:
        self._figures = figures

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: describing would ask the service while it is built."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """One family for each name."""
        figures = sorted(self._figures(), key=lambda figure: figure.name)
        for name, group in groupby(figures, key=lambda figure: figure.name):
            same = list(group)
            names = [label for label, _ in same[0].labels]
            family = GaugeMetricFamily(f"flyonce_{name}", same[0].help, labels=names)
            for figure in same:
                family.add_metric([value for _, value in figure.labels], figure.value)
            yield family
