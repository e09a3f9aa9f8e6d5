"""The full keyer as the box runs it: network, plate, refiner. The studio and the evaluation build it here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from models.refiner_net import RefinerNet
from pipelines.matting import Keyer, MattingSettings, Refiner
from pipelines.matting.keyer import Network
from pipelines.media import Calibration, Page, SizeWh
from pipelines.plate import Plate


class FullKeyer(NamedTuple):
    """The keyer, and the parts whose state is worth telling. plate, refiner: None without a calibration."""

    keyer: Keyer
    plate: Plate | None
    refiner: Refiner | None


def full_keyer(
    net: Network,
    refining: RefinerNet,
    settings: MattingSettings,
    camera_wh: SizeWh,
    calibration: Calibration | None,
    page: Callable[[], Page | None],
) -> FullKeyer:
    """page: gives the newest page, or None. Where the LCD's place is not known, the network stands alone."""
    if calibration is None:
        return FullKeyer(Keyer(net, settings, camera_wh), None, None)
    plate = Plate(calibration, page)
    refiner = Refiner(refining, plate.predict)
    return FullKeyer(Keyer(net, settings, camera_wh, (refiner,)), plate, refiner)
