"""Orders that wait for a studio: none that says how a thing is to be is lost, and their number is bounded."""

from __future__ import annotations

import threading

from appliance.outbox import MOST, Outbox
from pipelines.ink import PageKey, Stroke, Tool
from pipelines.media import Layout, Scene
from pipelines.orders import (
    DrawStroke,
    EndVoice,
    Order,
    PointAt,
    SetInk,
    SetScene,
    Stop,
    TurnPage,
    WatchLayers,
)

PAGE = PageKey("a", 0)


def stroke(points: int, stroke_id: str = "s") -> Stroke:
    return Stroke(stroke_id, Tool.PEN, "blue", 0.01, ((0.5, 0.5),) * points)


def taken(outbox: Outbox) -> list[Order]:
    """All that waits; Stop is put at its end."""
    assert outbox.put(Stop())
    orders = []
    while not isinstance(order := outbox.take(), Stop):
        assert order is not None
        orders.append(order)
    return orders


def filled() -> Outbox:
    outbox = Outbox()
    assert all(outbox.put(TurnPage(1)) for _ in range(MOST))
    return outbox


def test_orders_come_as_they_were_given() -> None:
    outbox = Outbox()
    given = [TurnPage(1), WatchLayers(frozenset(("420",))), TurnPage(1), WatchLayers()]
    assert all(map(outbox.put, given))
    assert taken(outbox) == given


def test_a_room_that_joins_while_the_studio_starts_is_not_forgotten() -> None:
    """Ink of a hundred pages waits, and more than fits is ordered: the newest of each is what arrives."""
    outbox = Outbox()
    ink = [SetInk(PageKey("a", index), (stroke(2),)) for index in range(2 * MOST)]
    assert all(map(outbox.put, ink))
    newest: list[Order] = [
        WatchLayers(frozenset(("444",))),
        SetScene(Scene(layout=Layout.SLATE, number=7)),
        EndVoice("one"),
        EndVoice("two"),
        DrawStroke(PAGE, stroke(9)),
        PointAt(None),
    ]
    for older in (WatchLayers(), SetScene(Scene(number=6)), DrawStroke(PAGE, stroke(8)), *newest):
        assert outbox.put(older)
    assert taken(outbox) == [*ink, *newest]


def test_what_adds_to_others_is_refused_when_all_is_full() -> None:
    outbox = filled()
    assert not outbox.put(TurnPage(1))
    assert outbox.put(WatchLayers())
    assert taken(outbox) == [TurnPage(1)] * MOST + [WatchLayers()]


def test_a_laser_that_moves_all_the_time_is_bounded_and_hinders_no_page_turn() -> None:
    outbox = Outbox()
    for _ in range(10 * MOST):
        assert outbox.put(PointAt(None))
    assert outbox.put(TurnPage(1))
    assert len(taken(outbox)) <= MOST


def test_a_page_set_anew_stays_after_the_strokes_before_it() -> None:
    outbox = filled()
    for order in (SetInk(PAGE, (stroke(1),)), DrawStroke(PAGE, stroke(2, "t")), SetInk(PAGE, ())):
        assert outbox.put(order)
    assert taken(outbox)[MOST:] == [DrawStroke(PAGE, stroke(2, "t")), SetInk(PAGE, ())]


def test_a_studio_that_has_gone_ends_the_thread() -> None:
    outbox, told = Outbox(), list[Order | None]()
    sender = threading.Thread(target=lambda: told.append(outbox.take()))
    sender.start()
    outbox.close()
    sender.join(10)
    assert told == [None]
