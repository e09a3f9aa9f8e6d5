"""The matting network, frame after frame: a picture in, the person's colour and alpha out, memory inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.catalog import COARSE_NAME, OWN_FILE_NAME, REFINE_NAME
from models.errors import ModelError
from models.probe import STATES, first_states
from models.runtime import Recurrence, Session, open_session
from models.settings import NetworkSettings

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
SizeWh = tuple[int, int]

MULTIPLE_PX = 16  # the network's coarsest stride
_TO_UNIT = np.float32(1 / 255)


class MattingNet:
    """rgb -> (fgr, pha). For one thread at a time; the arrays it returns are its own buffers.

    With ratio 1 the network runs alone (coarse.onnx), the fast way on a CPU: the caller chooses the size,
    resizes, and brings the alpha back to full size. With a smaller ratio it runs in its published form
    (refine.onnx): it sees the picture at that ratio, and its guided filter brings the result back.

    Measured on one core of a Xeon with AVX-512, best of 40, other work on the machine: 320x192 41 ms, 256x384
    65 ms; planes by cv2.split and one multiplication into a kept buffer 0.13 ms against 0.68 ms of
    cv2.dnn.blobFromImage; a second thread costs 8 % more processor time and helps only while a core idles.
    """

    def __init__(self, session: Session, open_refining: Callable[[], Session] | None = None) -> None:
        """open_refining: opens the session for ratios below 1, when first needed."""
        self.provider: str = session.provider
        self.fallback_reason = session.fallback_reason
        self._coarse = _Memory(session)
        self._looking: _Memory | None = None
        self._refining: _Memory | None = None
        self._open_refining = open_refining

    @classmethod
    def open(cls, folder: Path, settings: NetworkSettings) -> MattingNet:
        """Opens an installed network (`models.catalog.locate`). Raises ModelError."""
        own = folder / OWN_FILE_NAME
        if own.is_file():
            return cls(open_session(own, settings))
        refining = folder / REFINE_NAME
        return cls(open_session(folder / COARSE_NAME, settings), lambda: open_session(refining, settings))

    def matte(self, rgb: U8, ratio: float = 1.0) -> tuple[U8, F32]:
        """fgr u8 (H, W, 3), straight RGB, and pha f32 (H, W) 0..1, valid until the next call.

        rgb: u8 (H, W, 3), with H and W multiples of 16 when ratio is 1. A picture of another size than the
        last one, or another ratio, starts with an empty memory. Raises ModelError.
        """
        return self._memory(ratio).matte(rgb, ratio)

    def look(self, rgb: U8) -> F32:
        """Alpha of a single picture, f32 (H, W), a copy: the memory is neither used nor changed."""
        if self._looking is None:
            self._looking = _Memory(self._coarse.session)
        self._looking.reset()
        return self._looking.matte(rgb, 1.0)[1].copy()

    def onlooker(self) -> MattingNet:
        """The same network with a memory of its own, for another thread."""
        return MattingNet(self._coarse.session, self._open_refining)

    def reset(self) -> None:
        """Forgets what was seen: the next picture is the first."""
        for memory in (self._coarse, self._refining):
            if memory is not None:
                memory.reset()

    def shift_state(self, window: tuple[float, float, float, float], size_wh: SizeWh) -> None:
        """Carries the memory over to another view of the same scene.

        window: x, y, w, h of the next picture, in pixels of the last one (it may reach beyond it: there is no
        memory of what was not seen). size_wh: size of the next picture. Moves by whole multiples of 16 pixels
        at the same scale only shift the memory; all others resample it. In the first frame after a move,
        alpha was 2 to 6 times nearer to the settled one than after a reset (a teacher with long hair).
        """
        self._coarse.shift(window, size_wh)

    def _memory(self, ratio: float) -> _Memory:
        if ratio == 1.0 or self._coarse.takes_ratio:
            return self._coarse
        if self._refining is None:
            if self._open_refining is None:
                raise ModelError("This network has no guided filter: it runs at ratio 1 only.")
            self._refining = _Memory(self._open_refining())
        return self._refining


class _Memory:
    """One session, its recurrent states and its buffers."""

    def __init__(self, session: Session) -> None:
        self.session = session
        inputs = {spec.name: spec for spec in session.inputs}
        self.takes_ratio = "downsample_ratio" in inputs
        self._is_whole = isinstance(inputs["r1i"].shape[1], int)  # states of full shape from the start
        self._recurrence: Recurrence = session.recur({f"{name}i": f"{name}o" for name in STATES})
        self._seen: tuple[SizeWh, float] | None = None  # size and ratio that the states belong to
        self._ratio = np.ones(1, np.float32)
        self._src: F32 = np.empty((1, 3, 0, 0), np.float32)
        self._fgr_planes = np.empty((3, 0, 0), np.uint8)
        self._fgr = np.empty((0, 0, 3), np.uint8)

    def reset(self) -> None:
        self._seen = None

    def matte(self, rgb: U8, ratio: float) -> tuple[U8, F32]:
        size_wh = (rgb.shape[1], rgb.shape[0])
        self._check(size_wh, ratio)
        if self._seen != (size_wh, ratio):
            self._start(size_wh, ratio)
        for plane, target in zip(cv2.split(rgb), self._src[0], strict=True):
            np.multiply(plane, _TO_UNIT, out=target)
        feeds = {"src": self._src}
        if self.takes_ratio:
            self._ratio[0] = ratio
            feeds["downsample_ratio"] = self._ratio
        results = self._recurrence.step(feeds)
        fgr = results["fgr"].reshape(-1, size_wh[0])
        cv2.convertScaleAbs(fgr, dst=self._fgr_planes.reshape(fgr.shape), alpha=255)
        cv2.merge(tuple(self._fgr_planes), dst=self._fgr)
        return self._fgr, results["pha"][0, 0]

    def shift(self, window: tuple[float, float, float, float], size_wh: SizeWh) -> None:
        if self._seen is None:
            return
        states = self._recurrence.states()
        if not self._is_whole and min(states["r1i"].shape[2:]) == 1:
            return  # still the single zeros of the start
        ratio = self._seen[1]
        x, y, w, h = (value * ratio for value in window)
        small_wh = (int(size_wh[0] * ratio), int(size_wh[1] * ratio))
        shifted = {
            name: resample(array, (x, y, w, h), small_wh, 2 ** int(name[1])) for name, array in states.items()
        }
        self._start(size_wh, ratio, shifted)

    def _start(self, size_wh: SizeWh, ratio: float, states: dict[str, F32] | None = None) -> None:
        if states is None:
            states = {f"{name}i": array for name, array in first_states(self.session, size_wh).items()}
        self._recurrence.set_states(states)
        if self._src.shape[2:] != (size_wh[1], size_wh[0]):
            self._src = np.empty((1, 3, size_wh[1], size_wh[0]), np.float32)
            self._fgr_planes = np.empty((3, size_wh[1], size_wh[0]), np.uint8)
            self._fgr = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
        self._seen = (size_wh, ratio)

    def _check(self, size_wh: SizeWh, ratio: float) -> None:
        if not self.takes_ratio and (size_wh[0] % MULTIPLE_PX or size_wh[1] % MULTIPLE_PX):
            raise ModelError(f"The network takes sizes that are multiples of {MULTIPLE_PX}, not {size_wh}.")
        if not 0 < ratio <= 1:
            raise ModelError(f"A downsample ratio is above 0 and at most 1, not {ratio}.")


def resample(state: F32, window: tuple[float, float, float, float], new_wh: SizeWh, stride: int) -> F32:
    """A state f32 (1, C, h, w) at `stride`, seen through a window of its picture; zero beyond its border.

    Pixel centres: element i of a state covers the picture's pixels i * stride to (i + 1) * stride.
    """
    x, y, w, h = window
    size = (-(-new_wh[0] // stride), -(-new_wh[1] // stride))
    shift_x, shift_y = x / stride, y / stride
    if (w, h) == new_wh and shift_x.is_integer() and shift_y.is_integer():
        return _moved(state, int(shift_x), int(shift_y), size)
    scale_x, scale_y = w / new_wh[0], h / new_wh[1]
    old_from_new = np.array(
        [
            [scale_x, 0.0, (scale_x - 1) / 2 + shift_x],
            [0.0, scale_y, (scale_y - 1) / 2 + shift_y],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    planes = [cv2.warpAffine(plane, old_from_new, size, flags=flags) for plane in state[0]]
    return np.stack(planes)[None].astype(np.float32, copy=False)


def _moved(state: F32, shift_x: int, shift_y: int, size_wh: SizeWh) -> F32:
    """The same elements at another place, no arithmetic."""
    height, width = state.shape[2:]
    moved = np.zeros((*state.shape[:2], size_wh[1], size_wh[0]), np.float32)
    x0, x1 = max(shift_x, 0), min(shift_x + size_wh[0], width)
    y0, y1 = max(shift_y, 0), min(shift_y + size_wh[1], height)
    if x0 < x1 and y0 < y1:
        moved[..., y0 - shift_y : y1 - shift_y, x0 - shift_x : x1 - shift_x] = state[..., y0:y1, x0:x1]
    return moved
