"""`/metrics`: what the server counts, as Prometheus reads it. No label holds a token, a title or the name of a site.

`admin.py` serves it. The figures are read at each scrape from the engine's snapshot and from the rooms; nothing is counted twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from telepresence.api.rooms import state_of
from telepresence.rooms.room import Room

PREFIX = "telepresence"

ENGINE_COUNTERS = {
    "datagrams_in": "UDP datagrams received.",
    "datagrams_out": "UDP datagrams sent.",
    "bytes_in": "Bytes received by UDP.",
    "bytes_out": "Bytes sent by UDP.",
    "media_in": "Media packets taken from publishers.",
    "media_out": "Media packets sent to watchers, without retransmissions.",
    "repairs_out": "Retransmissions sent.",
    "abandoned": "Packets that were queued for a watcher and not sent.",
    "nacks_in": "Packets that watchers asked for again.",
    "nacks_out": "Packets that publishers were asked for again.",
    "keyframe_requests_in": "Key frames that watchers asked for.",
    "keyframe_requests_out": "Key frames that publishers were asked for.",
    "handshakes": "DTLS handshakes completed.",
}
"""Counters of the engine's snapshot that are shown; those of its insides stay in the log's `engine.snapshot`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is shown. `snapshot` is the engine's, null when it gave none in time; `errors` of that sort so far."""

    rooms: Iterable[Room]
    now: float
    sockets: int
    messages_in: int
    messages_out: int
    lag_s: float
    egress_bps: float
    is_full: bool
    is_kept: bool
    snapshot: Mapping[str, Any] | None


def exposition(figures: Figures) -> bytes:
    """Returns the text that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Once(Collector):
    """The collector of one scrape."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yields all families."""
        yield from _of_rooms(self._figures)
        yield from _of_server(self._figures)
        if self._figures.snapshot is not None:
            yield from _of_engine(self._figures.snapshot)


def _of_rooms(figures: Figures) -> Iterator[Metric]:
    rooms = list(figures.rooms)
    states = Counter((str(room.kind), state_of(room, figures.now)) for room in rooms)
    yield _gauge("rooms", "Rooms by kind and state.", ("kind", "state"), states)
    roles = Counter((str(p.role),) for room in rooms for p in room.participants.values())
    yield _gauge("participants", "Devices in rooms, by the role in which they act.", ("role",), roles)
    yield _single("waiting", "Devices that wait to be admitted.", sum(len(room.waiting) for room in rooms))
    yield _single("tracks_published", "Tracks that the engine keeps.", sum(room.tracks() for room in rooms))


def _of_server(figures: Figures) -> Iterator[Metric]:
    messages = {("in",): figures.messages_in, ("out",): figures.messages_out}
    yield _counter("messages", "Signaling messages by direction.", ("direction",), messages)
    yield _single("sockets", "Open WebSockets.", figures.sockets)
    yield _single("event_loop_lag_seconds", "The longest that the event loop was late of late.", figures.lag_s)
    yield _single("egress_bits_per_second", "Media that is sent.", figures.egress_bps)
    yield _single("full", "1 while nobody new is let in, since limits.egress_mbit is reached.", int(figures.is_full))
    yield _single("storage_up", "1 while the database takes what is to be kept.", int(figures.is_kept))
    yield _single("engine_up", "1 while the media engine answers.", int(figures.snapshot is not None))


def _of_engine(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    connections = Counter(
        (connection.get("direction", "unknown"), "connected" if connection.get("connected") else "opening")
        for connection in snapshot["connections"]
    )
    yield _gauge("connections", "Peer connections.", ("direction", "state"), connections)
    for name, text in ENGINE_COUNTERS.items():
        if name in snapshot["counters"]:
            yield CounterMetricFamily(f"{PREFIX}_{name}", text, value=snapshot["counters"][name])
    drops = {(reason,): count for reason, count in snapshot["drops"].items()}
    yield _counter("drops", "Packets that the engine dropped, by reason.", ("reason",), drops)
    yield CounterMetricFamily(f"{PREFIX}_engine_cpu_seconds", "CPU time of the engine.", value=snapshot["cpu_us"] / 1e6)


def _single(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _counter(name: str, text: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
