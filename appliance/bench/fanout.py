"""`classroom bench fanout`: what many viewers cost, and whether each gets everything, beside stock aiortc."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what they pull in, `classroom bench --help` does not need
    from appliance.bench.calls import Caller
    from appliance.bench.crowd import Arrival
    from pipelines.broadcast import Count

SUMMARY = "Many viewers over real connections on this machine, beside stock aiortc with raw frames."
EXAMPLES = """examples:
  classroom bench fanout                        fifty viewers, about a minute
  classroom bench fanout --viewers 20 --seconds 10 --json fanout.json

Viewers do ICE, DTLS and SRTP and count packets; they decode nothing. First some watch in peace, then a
storm of as many as asked for joins within five seconds; then all are counted, with a page turn every four
seconds.
"""
VIDEO_BPS = 4_000_000
CROWDS = 2  # processes of viewers
EARLY = 4
STORM_S = 5.0
SETTLE_S = 3.0

Say = Callable[[str], None]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--viewers", type=int, default=50, help="how many (50)")
    parser.add_argument("--seconds", type=float, default=20, help="how long they are counted (20)")
    parser.add_argument(
        "--peers",
        type=int,
        default=4,
        help="how many viewers stock aiortc gets (4): each costs it an encoder; its time is told per viewer",
    )


def measure(args: argparse.Namespace, say: Say) -> dict[str, Any]:
    """The keys of the report. Raises BenchFailed."""
    from appliance.bench.ours import BenchFailed

    if args.viewers < CROWDS or args.peers < 1:
        raise BenchFailed(f"--viewers must be at least {CROWDS}, and --peers at least 1")
    report = asyncio.run(_measure(args.viewers, args.seconds, args.peers, say))
    say(table(report))
    return report


async def _measure(viewers: int, seconds: float, peers: int, say: Say) -> dict[str, Any]:
    from appliance.bench.senders import send_ours, send_stock

    say(f"stock aiortc with raw frames, {peers} viewers ...")
    async with _hall(send_stock, 1) as (sender, crowds):
        await crowds[0].call("join", "all", peers, 1.0)
        figures, counts, took_s = await _steady(sender, crowds, seconds)
    report = _stock_figures(figures, counts, took_s)
    say(f"the box, {EARLY} viewers and a storm of {viewers} ...")
    async with _hall(send_ours, CROWDS, viewers + EARLY, VIDEO_BPS) as (sender, crowds):
        storm = await _storm(sender, crowds, viewers, say)
        say(f"the box, {viewers} viewers for {seconds:.0f} s ...")
        figures, counts, took_s = await _steady(sender, crowds, seconds)
    return report | storm | _our_figures(figures, counts, took_s)


@asynccontextmanager
async def _hall(
    send: Callable[..., None], crowds: int, *arguments: int
) -> AsyncIterator[tuple[Caller, list[Caller]]]:
    """A sender and crowds of viewers, each in a process of its own, and the pipes to order them by."""
    from multiprocessing import get_context

    from appliance.bench.calls import Caller
    from appliance.bench.crowd import gather_crowd

    context = get_context("spawn")
    orders, ordered = context.Pipe()
    offers = [context.Pipe() for _ in range(crowds)]
    processes = [context.Process(target=send, args=([ordered, *(end for _, end in offers)], *arguments))]
    pipes, given = [orders], []
    for end, _ in offers:
        mine, theirs = context.Pipe()
        pipes.append(mine)
        given.append(theirs)
        processes.append(context.Process(target=gather_crowd, args=(theirs, end)))
    for process in processes:
        process.start()
    for pipe in (ordered, *given, *(pipe for pair in offers for pipe in pair)):
        pipe.close()
    callers = [Caller(pipe) for pipe in pipes]
    try:
        await callers[0].call("usage")  # up, its pictures drawn
        yield callers[0], callers[1:]
    finally:
        for caller in callers[::-1]:  # the crowds first: they say good-bye
            await caller.close()
        for process in processes[::-1]:
            await asyncio.to_thread(process.join, 10)
            process.terminate()


async def _storm(sender: Caller, crowds: list[Caller], viewers: int, say: Say) -> dict[str, Any]:
    """Some watch in peace; then everybody else comes at once. The figures are those of the first ones."""
    await crowds[0].call("join", "early", EARLY, 1.0)
    await asyncio.sleep(SETTLE_S)
    await crowds[0].call("reset", "early")
    await sender.call("usage")
    shares = [viewers // len(crowds) + (i < viewers % len(crowds)) for i in range(len(crowds))]
    joins = zip(crowds, shares, strict=True)
    arrived = await asyncio.gather(*(crowd.call("join", "all", n, STORM_S) for crowd, n in joins))
    arrivals: list[Arrival] = [one for crowd in arrived for one in crowd]
    counts: list[Count] = await crowds[0].call("count", "early")
    usage = await sender.call("usage")
    await crowds[0].call("leave", "early")
    pictures = [one.first_picture_ms for one in arrivals if one.first_picture_ms is not None]
    return {
        "storm_lost_packets": sum(count.lost for count in counts),
        "storm_stall_ms_max": _stall(counts),
        "storm_programme_stall_ms": _beyond(usage["gap_ms"]),
        "storm_loop_late_ms": usage["loop_late_ms"],
        "storm_without_picture": len(arrivals) - len(pictures),
        "storm_first_picture_ms": {"p50": _share(pictures, 0.5), "max": _share(pictures, 1.0)},
    }


async def _steady(
    sender: Caller, crowds: list[Caller], seconds: float
) -> tuple[dict[str, Any], list[Count], float]:
    """What changed in the sender's figures, and what each viewer counted, over that time."""
    await asyncio.sleep(SETTLE_S)
    await asyncio.gather(*(crowd.call("reset", "all") for crowd in crowds))
    before, start_s = await sender.call("usage"), time.monotonic()
    await asyncio.sleep(seconds)
    after, took_s = await sender.call("usage"), time.monotonic() - start_s
    counts = await asyncio.gather(*(crowd.call("count", "all") for crowd in crowds))
    changed = {
        key: after[key] - before[key] for key in ("cpu_s", "coding_s", "bytes", "pictures") if key in after
    }
    return after | changed, [one for crowd in counts for one in crowd], took_s


def _our_figures(figures: dict[str, Any], counts: list[Count], took_s: float) -> dict[str, Any]:
    viewers = len(counts)
    per_viewer = 1000 / viewers / took_s
    return {
        "viewers": viewers,
        "lost_packets": sum(count.lost for count in counts),
        "packets": sum(count.expected for count in counts),
        "stall_ms_max": _stall(counts),
        "programme_stall_ms": _beyond(figures["gap_ms"]),
        "loop_late_ms": figures["loop_late_ms"],
        "dropped": figures["dropped"],
        "jitter_ms_max": max(count.jitter_ms for count in counts),
        "programme_bps": figures["bytes"] * 8 / took_s,
        "fps": min(count.pictures for count in counts) / took_s,
        "cpu_ms_per_viewer_s": figures["cpu_s"] * per_viewer,
        "coding_cpu_ms_per_viewer_s": figures["coding_s"] * per_viewer,
        "cores": figures["cpu_s"] / took_s,
    }


def _stock_figures(figures: dict[str, Any], counts: list[Count], took_s: float) -> dict[str, Any]:
    return {
        "peer_viewers": len(counts),
        "peer_cpu_ms_per_viewer_s": figures["cpu_s"] * 1000 / len(counts) / took_s,
        "peer_cores": figures["cpu_s"] / took_s,
        "peer_bps": sum(count.payload_bytes for count in counts) * 8 / len(counts) / took_s,
        "peer_fps": min(count.pictures for count in counts) / took_s,
        "peer_lost_packets": sum(count.lost for count in counts),
        "peer_stall_ms_max": _stall(counts),
    }


def _stall(counts: list[Count]) -> float:
    return _beyond(max(count.gap_ms for count in counts))


def _beyond(gap_ms: float) -> float:
    """Longer than from one picture to the next."""
    from appliance.bench.lesson import RATE_HZ

    return max(0.0, gap_ms - 1000 / RATE_HZ)


def _share(values: list[float], share: float) -> float | None:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else None


def table(report: dict[str, Any]) -> str:
    """The report as lines for a terminal."""
    times = report["peer_cpu_ms_per_viewer_s"] / report["cpu_ms_per_viewer_s"]
    rows = [
        ("viewers", "viewers", "peer_viewers", "d"),
        ("processor, ms a viewer and second", "cpu_ms_per_viewer_s", "peer_cpu_ms_per_viewer_s", ".1f"),
        ("  of that, coding", "coding_cpu_ms_per_viewer_s", "", ".1f"),
        ("cores", "cores", "peer_cores", ".2f"),
        ("bit/s a viewer", "programme_bps", "peer_bps", ".0f"),
        ("pictures a second, the worst", "fps", "peer_fps", ".1f"),
        ("packets lost", "lost_packets", "peer_lost_packets", "d"),
        ("longest stall, ms", "stall_ms_max", "peer_stall_ms_max", ".0f"),
        ("  of the programme itself", "programme_stall_ms", "", ".0f"),
        ("longest stall in the storm, ms", "storm_stall_ms_max", "", ".0f"),
        ("  of the programme itself", "storm_programme_stall_ms", "", ".0f"),
        ("packets lost in the storm", "storm_lost_packets", "", "d"),
    ]
    lines = [f"{'':36}{'the box':>12}{'stock aiortc':>14}"]
    lines += [
        f"{name:36}{report[ours]:>12{form}}" + (f"{report[peer]:>14{form}}" if peer else "")
        for name, ours, peer, form in rows
    ]
    return "\n".join([*lines, f"stock aiortc takes {times:.0f} times the processor time for each viewer"])
