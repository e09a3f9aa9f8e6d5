import multiprocessing
import threading

from pipelines.media import Packet
from pipelines.orders import RequestKey
from pipelines.reports import CameraPicture, Rejected, Started
from pipelines.studio.link import Link


def a_packet(pts: int, *, is_key: bool = False) -> Packet:
    return Packet(bytes(1000), "video", pts, is_key, 0)


def test_reports_and_packets_arrive_and_orders_come_back() -> None:
    ours, theirs = multiprocessing.Pipe()
    link = Link(theirs)
    link.send(Started())
    link.send(a_packet(7, is_key=True))
    pump = threading.Thread(target=link.pump)
    pump.start()
    assert ours.recv() == a_packet(7, is_key=True)  # a picture is not overtaken by the word of it
    assert ours.recv() == Started()
    ours.send(RequestKey())
    assert link.receive() == RequestKey()
    link.close()
    pump.join(10)
    assert not pump.is_alive()
    ours.close()
    assert link.receive() is None
    theirs.close()


def test_a_gateway_that_does_not_read_costs_packets_and_never_blocks() -> None:
    ours, theirs = multiprocessing.Pipe()
    link = Link(theirs)
    pump = threading.Thread(target=link.pump, daemon=True)
    pump.start()
    for pts in range(2000):
        link.send(a_packet(pts, is_key=pts == 0))
    link.send(Rejected("TurnPage", "no courseware"))
    assert link.dropped > 0 and link.wants_key
    received = []
    while not isinstance(report := ours.recv(), Rejected):
        received.append(report.pts)
    # What got through is a whole beginning: nothing after the first gap.
    assert received == list(range(len(received)))
    link.close()
    ours.close()
    pump.join(10)
    assert not pump.is_alive()
    theirs.close()


def test_a_gateway_that_has_gone_ends_the_pump() -> None:
    ours, theirs = multiprocessing.Pipe()
    ours.close()
    link = Link(theirs)
    link.send(Started())
    link.pump()
    theirs.close()


def test_of_a_rooms_camera_the_newest_picture_waits_alone() -> None:
    ours, theirs = multiprocessing.Pipe()
    link = Link(theirs)
    for number in range(100):
        link.send(CameraPicture("one", bytes([number])))
    link.send(Started())
    pump = threading.Thread(target=link.pump)
    pump.start()
    assert ours.recv() == Started()
    assert ours.recv() == CameraPicture("one", bytes([99]))
    link.close()
    pump.join(10)
    assert not pump.is_alive() and not ours.poll()
    ours.close()
    theirs.close()
