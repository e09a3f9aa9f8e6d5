"""Locks exposure, white balance, focus and gain, because a picture that adjusts itself cannot be keyed.

First the automatics settle on the classroom as it is; then each is switched to manual with the value it
found, and the lock is verified by reading back. Control numbers: <linux/v4l2-controls.h>.
"""

from __future__ import annotations

import errno
from typing import NamedTuple

from pipelines.capture.v4l2_driver import V4l2Driver
from pipelines.media import U8
from pipelines.timing import NS_PER_MS, NS_PER_S

_USER = 0x00980900
_CAMERA = 0x009A0900
AUTO_WHITE_BALANCE = _USER + 12
AUTOGAIN = _USER + 18
GAIN = _USER + 19
WHITE_BALANCE_TEMPERATURE = _USER + 26
EXPOSURE_AUTO = _CAMERA + 1
EXPOSURE_ABSOLUTE = _CAMERA + 2
EXPOSURE_AUTO_PRIORITY = _CAMERA + 3
FOCUS_ABSOLUTE = _CAMERA + 10
FOCUS_AUTO = _CAMERA + 12

_EXPOSURE_MANUAL = 1  # V4L2_EXPOSURE_MANUAL
_EXPOSURE_AUTOS = (3, 0)  # aperture priority is what USB cameras mean by automatic; then fully automatic

LOCKED, UNSUPPORTED, FAILED = "locked", "unsupported", "failed"

_LOOK_NS = 250 * NS_PER_MS
_LEAST_NS = NS_PER_S
_MOST_NS = 5 * NS_PER_S
_STEADY_LOOKS = 4
_STEADY_LIGHT = 0.03


class Automatic(NamedTuple):
    """A control with an automatic: the switch, its values, and the control it adjusts."""

    name: str
    switch: int
    autos: tuple[int, ...]
    manual: int
    value: int


AUTOMATICS = (
    Automatic("exposure", EXPOSURE_AUTO, _EXPOSURE_AUTOS, _EXPOSURE_MANUAL, EXPOSURE_ABSOLUTE),
    Automatic("gain", AUTOGAIN, (1,), 0, GAIN),
    Automatic("white_balance", AUTO_WHITE_BALANCE, (1,), 0, WHITE_BALANCE_TEMPERATURE),
    Automatic("focus", FOCUS_AUTO, (1,), 0, FOCUS_ABSOLUTE),
)


class ControlLock:
    """Steps along with the pictures, and locks once controls and brightness have settled.

    outcome: {name: "locked", "unsupported" or "failed"}, empty until then.
    light_change_pct: how much brighter the lock made the picture, None until that is known. Some cameras,
    asked while automatic, tell an old exposure, and are then locked at that: only the picture shows it.
    """

    def __init__(self, driver: V4l2Driver, now_ns: int) -> None:
        """Switches the automatics on. Raises OSError only if the device is gone."""
        self.outcome: dict[str, str] = {}
        self.light_change_pct: int | None = None
        self._driver = driver
        self._since_ns = now_ns
        self._look_ns = now_ns
        self._seen: list[int | None] = []
        self._light = 0.0
        self._steady_looks = 0
        for automatic in AUTOMATICS:
            for choice in automatic.autos:
                if _try_set(driver, automatic.switch, choice):
                    break
        # Otherwise a dark room halves the picture rate.
        _try_set(driver, EXPOSURE_AUTO_PRIORITY, 0)

    def step(self, now_ns: int, rgb: U8) -> None:
        """Looks at controls and picture, u8 (H, W, 3), four times a second, and locks when it is time."""
        if self.light_change_pct is not None or now_ns < self._look_ns:
            return
        self._look_ns = now_ns + _LOOK_NS
        light = max(1.0, float(rgb[::16, ::16].mean()))
        if self.outcome:
            self.light_change_pct = round(100 * (light / self._light - 1))
            return
        seen = [_try_get(self._driver, automatic.value) for automatic in AUTOMATICS]
        is_steady = seen == self._seen and abs(light - self._light) < _STEADY_LIGHT * light
        self._steady_looks = self._steady_looks + 1 if is_steady else 0
        self._seen, self._light = seen, light
        age_ns = now_ns - self._since_ns
        if age_ns >= _LEAST_NS and (self._steady_looks >= _STEADY_LOOKS or age_ns >= _MOST_NS):
            self.outcome = {automatic.name: _lock(self._driver, automatic) for automatic in AUTOMATICS}
            self._look_ns = now_ns + 2 * _LOOK_NS  # by then the lock is to be seen


def _lock(driver: V4l2Driver, automatic: Automatic) -> str:
    switch, value = driver.control(automatic.switch), driver.control(automatic.value)
    if switch is None and value is None:
        return UNSUPPORTED
    found = _try_get(driver, automatic.value) if value is not None else None
    if switch is not None and not _try_set(driver, automatic.switch, automatic.manual):
        return FAILED
    if switch is not None and _try_get(driver, automatic.switch) != automatic.manual:
        return FAILED
    # Asked again, because many values are read-only until their automatic is off.
    value = driver.control(automatic.value)
    if value is None or found is None:
        return LOCKED
    if value.is_writable and not _try_set(driver, automatic.value, found):
        return FAILED
    return LOCKED if _is_near(_try_get(driver, automatic.value), found, value.step) else FAILED


def _is_near(now: int | None, wanted: int, step: int) -> bool:
    return now is not None and abs(now - wanted) <= max(step, 1)


def _try_get(driver: V4l2Driver, cid: int) -> int | None:
    """A control's value; None if there is no such control or it refuses."""
    try:
        return driver.get(cid) if driver.control(cid) is not None else None
    except OSError as error:
        _raise_if_gone(error)
        return None


def _try_set(driver: V4l2Driver, cid: int, value: int) -> bool:
    """Sets a control if it exists; False if the device refuses."""
    try:
        if driver.control(cid) is None:
            return False
        driver.set(cid, value)
    except OSError as error:
        _raise_if_gone(error)
        return False
    return True


def _raise_if_gone(error: OSError) -> None:
    if error.errno == errno.ENODEV:
        raise error
