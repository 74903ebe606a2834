"""Counters of this process, for Prometheus. Children are bound once, so that counting is cheap."""

from functools import cache
from typing import Any, Final

from litestar import Response, get
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.ext.asyncio import AsyncEngine

from migrations.engine import pool_use

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Subjects make their counters on `registry`, once, and keep the bound children."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "flashsale_requests",
            "Answers by route, except those of the raw handlers.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "flashsale_request_seconds",
            "Time to the first byte of an answer.",
            ("method", "route"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.stream_readers = Gauge(
            "flashsale_stream_readers", "Open event streams.", registry=self.registry
        )
        self._count = cache(self._requests.labels)
        self._time = cache(self._seconds.labels)

    def observe(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count one answer. ``route`` is a template, never a path, so that labels stay few."""
        known = method if method in _METHODS else "other"
        self._count(known, route, status).inc()
        self._time(known, route).observe(took_s)

    def watch_pool(self, engine: AsyncEngine) -> None:
        """Show how the connections of a pool are used."""
        self.registry.register(_Pool(engine))

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)


_METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})


class _Pool:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def collect(self) -> Any:
        use = pool_use(self._engine)
        family = GaugeMetricFamily(
            "flashsale_database_connections", "Connections of the pool.", labels=["state"]
        )
        for state in ("in_use", "idle", "size"):
            family.add_metric([state], getattr(use, state))
        yield family


def metrics_route(metrics: Metrics) -> Any:
    """`GET /metrics`."""

    @get("/metrics", include_in_schema=False)
    async def show_metrics() -> Response[bytes]:
        """Counters of this process, for Prometheus."""
        return Response(
            metrics.exposition(),
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )

    return show_metrics
