"""What the gateway counts, in Prometheus' text format."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import HistogramMetricFamily, Metric

BOUNDS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The counters of one gateway; each gateway has a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.messages = self._counter("messages_received", "Messages that came in at a door.", "door")
        self.stored = self._counter("readings_stored", "Readings that are durable and were new.")
        self.duplicates = self._counter("readings_duplicate", "Readings that had been stored before.")
        self.quarantined = self._counter("messages_quarantined", "Messages kept for a person to look at.")
        self.unclaimed = self._counter("messages_unclaimed", "Messages of devices that nobody has registered yet.")
        self.refusals = self._counter("commits_refused", "Batches that Postgres did not take; they are tried again.")
        self.closed = self._counter("connections_closed", "Connections that the gateway closed.", "reason")
        self.connections = Gauge("shelfwise_edge_connections", "Open MQTT connections.", registry=self.registry)
        self.held_back = self._counter("held_back", "Times that a device was slowed down because it sent too much.")
        self.latency = _Latency()
        self.registry.register(self.latency)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"shelfwise_edge_{name}", text, labels, registry=self.registry)

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Show a number that is asked for when somebody looks."""
        Gauge(f"shelfwise_edge_{name}", text, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _Latency:
    """A histogram that costs a tenth of the library's for each observation; written by one thread."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum = 0.0

    def observe(self, seconds: float, times: int = 1) -> None:
        self._counts[bisect_left(BOUNDS_S, seconds)] += times
        self._sum += seconds * times

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(
            "shelfwise_edge_acknowledgement_seconds", "From the arrival of a message to its acknowledgement."
        )
        buckets, total = [], 0
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((bound, total))
        family.add_metric([], buckets=buckets, sum_value=self._sum)
        return [family]
