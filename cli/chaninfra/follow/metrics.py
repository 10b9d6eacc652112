"""What a follower counts, for Prometheus. No label comes from an event, so their number is bounded."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Refusal = Literal["unauthorized", "malformed", "too-large", "too-many", "foreign"]
Source = Literal["webhook", "queue", "listing"]
_SECONDS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300)


class Metrics:
    """The metrics of one follower."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.hints = self._counter("hints", "Keys of packages and sidecars that were named", "source")
        self.passed_over = self._counter("passed_over", "Keys in events that are none of a package or sidecar")
        self.refused = self._counter("refused", "Events that were refused, and why", "reason")
        self.not_acknowledged = self._counter(
            "not_acknowledged", "Events that may be sent again: the store could not be used, or too many names waited"
        )
        self.changes = self._counter("changes", "Records that were added, replaced, dropped or signed", "kind")
        self.read = self._counter("packages_read", "Packages that were read")
        self.commits = self._counter("commits", "Commits to the index")
        self.failures = self._counter("failures", "Follows and listings that failed, and are tried again")
        self.comparisons = self._counter("comparisons", "Comparisons of the channel with its index")
        self.lag = Histogram(
            "chaninfra_follow_lag_seconds",
            "From the first hint of a package until its record is in line",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.pending = self._gauge("pending", "Keys that wait to be followed")
        self.left_out = self._gauge("left_out", "Packages in left-out.json")
        self.held = self._gauge("held", "Packages in left-out.json that were overwritten, and are held")
        self.last_success = self._gauge("last_success_timestamp_seconds", "When the index was last found in line")

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(f"chaninfra_follow_{name}", help_, labels, registry=self._registry)

    def _gauge(self, name: str, help_: str) -> Gauge:
        return Gauge(f"chaninfra_follow_{name}", help_, registry=self._registry)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
