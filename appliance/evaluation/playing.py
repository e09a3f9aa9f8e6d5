"""A scenario played: the simulated classroom's picture with a labelled clip in it, and what is true.

Room, lens, LCD and noise are the simulated classroom's; the clip's teacher is set before it in linear light,
with their shadow on wall and glass, and coded by the same camera.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import cv2
import numpy as np

from appliance.evaluation.clips import Clip
from appliance.evaluation.figures import Figure, placed_figure
from appliance.evaluation.lcd import DELAY_MS, DELAY_SIGMA_MS, EXPOSURE_MS, Exposed, Lcd
from appliance.evaluation.scenarios import Scenario
from pipelines.alignment import Calibration
from pipelines.calibration.figures import photometric
from pipelines.calibration.pattern import Pattern
from pipelines.media import F32, F64, PTS_HZ, U8, Delay, Frame, Page, SizeWh
from pipelines.simulated.light import noise_table, tone
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import room_from_url

RATE_HZ = 25
PERIOD_NS = 1_000_000_000 // RATE_HZ
EMPTY_FRAMES = 6  # the room before the lesson, from which the box learns the wall
WARM_UP_FRAMES = EMPTY_FRAMES + 14
MATTED_NS = 60_000_000  # so long after its capture a picture comes to the matting
_MOSAICS = 4  # pictures of the pattern's flat fields
_STEPS = 4096
_MOST_LIGHT = 1.6
_MJPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One picture. pages: what the box is told was shown of late, oldest first, when the picture comes to
    the matting. pha u8 (H, W), fgr u8 (H, W, 3): the truth, as the camera codes it, and where a knocked
    camera sees it. tip_xy: of a held pointer.
    """

    frame: Frame
    pages: tuple[Page, ...]
    pha: U8
    fgr: U8
    tip_xy: tuple[float, float] | None


class Play:
    """One clip in one scenario. calibration, delay: what the box believes. measured: how many pictures count.

    After WARM_UP_FRAMES every picture counts. In a scenario with a knock that is a stretch before it, the
    second or so in which the box has to notice, and a longer stretch in which it should have followed.
    """

    def __init__(
        self, clip: Clip, scenario: Scenario, size_wh: SizeWh, given: list[U8], seed: int, count: int
    ) -> None:
        self.measured = max(count, scenario.least_frames)
        self._total = WARM_UP_FRAMES + self.measured
        self._half = WARM_UP_FRAMES + self.measured // 2
        self._knocked = WARM_UP_FRAMES + self.measured // 3
        self._clip, self._scenario, self._size_wh, self._seed = clip, scenario, size_wh, seed
        self._room = room_from_url(f"simulated:?seed={seed}&{scenario.room}".rstrip("&"))
        optics = Optics(self._room, size_wh)
        self._renderer = Renderer(optics, RATE_HZ)
        calibration = replace(optics.calibration()[0], tone=_measured_tone(optics))
        self.calibration = _faulty(calibration, scenario.shift_px)
        self.delay = Delay(DELAY_MS, DELAY_SIGMA_MS, EXPOSURE_MS)
        self._lcd = Lcd(scenario, size_wh, given, seed, WARM_UP_FRAMES * PERIOD_NS)
        self._light_of_code, self._code_of_light = _curves()
        self._dark = self._light(self._renderer.render(0, None, teacher=False, noise=False))
        self._lit: dict[int, F32] = {}
        self._rng = np.random.default_rng((seed, 1))
        self._sigma = noise_table(self._room).astype(np.float32) * np.float32(
            self._room.noise / max(float(noise_table(self._room)[128]), 1.0)
        )

    def moments(self) -> Iterator[Moment]:
        """WARM_UP_FRAMES, then `measured` more."""
        encoder = _H264(self._size_wh) if self._scenario.codec == "h264" else None
        for index in range(self._total):
            captured_ns = index * PERIOD_NS
            figure = self._figure(index)
            lit = self._lit_by(self._lcd.exposed(captured_ns, self._size_wh[1]))
            rgb = self._picture(index, lit, figure)
            if self._scenario.codec == "mjpeg":
                rgb = _jpeg(rgb)
            if encoder is not None:
                rgb = encoder.through(rgb)
            rgb.setflags(write=False)
            frame = Frame(rgb, index * PTS_HZ // RATE_HZ, captured_ns)
            fgr = self._code(figure.light * np.float32(self._lamps(index) * self._gain(index)))
            tip = figure.tip_xy
            yield Moment(
                frame,
                self._lcd.recent(captured_ns + MATTED_NS),
                self._seen(index, figure.pha),
                self._seen(index, fgr),
                None if tip is None else self._seen_at(index, tip),
            )

    def _lit_by(self, exposed: list[Exposed]) -> F32:
        """Linear light of the room with these pages on the LCD, row by row as the exposure caught them."""
        lit = self._light_of(exposed[0].page)
        if len(exposed) == 1:
            return lit
        lit = lit * exposed[0].share[:, None, None]
        for page, share in exposed[1:]:
            lit = lit + self._light_of(page) * share[:, None, None]
        return lit

    def _light_of(self, page: Page) -> F32:
        if page.revision not in self._lit:
            if len(self._lit) > 3:
                self._lit.clear()
            self._lit[page.revision] = self._light(self._renderer.render(0, page, teacher=False, noise=False))
        return self._lit[page.revision]

    def _gain(self, index: int) -> float:
        """Of all the light: the exposure."""
        return self._scenario.gain * (self._scenario.step if index >= self._half else 1.0)

    def _lamps(self, index: int) -> float:
        return self._scenario.ambient if index >= self._half else 1.0

    def _seen(self, index: int, picture: U8) -> U8:
        """A picture u8 (H, W) or (H, W, 3) as the camera sees it once it was knocked."""
        knock = self._knock(index)
        if knock is None:
            return picture
        return np.asarray(
            cv2.warpAffine(picture, knock, self._size_wh, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    def _seen_at(self, index: int, xy: tuple[float, float]) -> tuple[float, float]:
        knock = self._knock(index)
        if knock is None:
            return xy
        moved = knock[:, :2] @ np.array(xy) + knock[:, 2]
        return float(moved[0]), float(moved[1])

    def _knock(self, index: int) -> F64 | None:
        knock_px = self._scenario.knock_px
        if not knock_px or index < self._knocked:
            return None
        return np.array([[1, 0, knock_px], [0, 1, 0.5 * knock_px]])

    def _figure(self, index: int) -> Figure:
        total = self._total
        away = 1.0 if index < EMPTY_FRAMES else 0.0
        if self._scenario.walks:
            away += max(0.0, 1 - index / (0.4 * total)) + max(0.0, (index / total - 0.75) / 0.25)
        colour, cover = self._clip.at(index)
        return placed_figure(colour, cover, self._size_wh, self._scenario.held, self._seed, min(away, 1.0))

    def _picture(self, index: int, lit: F32, figure: Figure) -> U8:
        scenario, lamps = self._scenario, np.float32(self._lamps(index))
        alpha = (figure.pha * np.float32(1 / 255))[..., None]
        dark = self._dark * lamps
        behind = lit + (dark - self._dark) - _shadow(figure.pha)[..., None] * np.float32(0.4) * dark
        if scenario.moving_shadow:
            x = np.linspace(0, 1, lit.shape[1], dtype=np.float32)
            passing = np.exp(-(((x - (index / self._total)) / 0.12) ** 2)) * np.float32(
                scenario.moving_shadow
            )
            behind = behind - passing[None, :, None] * dark
        if scenario.glare:
            behind = behind + self._glare()
        light = figure.light * lamps * alpha + behind * (1 - alpha)
        light = light * np.float32(self._gain(index))
        code = self._code(light).astype(np.float32)
        grain = self._rng.standard_normal(code.shape, dtype=np.float32)
        noisy = code + grain * self._sigma[code.astype(np.uint8)]
        return self._seen(index, np.asarray(np.clip(noisy + 0.5, 0, 255), np.uint8))

    def _glare(self) -> F32:
        width, height = self._size_wh
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        spot = np.exp(
            -(((x - 0.35 * width) / (0.1 * width)) ** 2) - ((y - 0.4 * height) / (0.2 * height)) ** 2
        )
        return np.asarray(spot[..., None] * np.float32(self._scenario.glare), np.float32)

    def _light(self, rgb: U8) -> F32:
        return np.asarray(self._light_of_code[rgb], np.float32)

    def _code(self, light: F32) -> U8:
        index = np.clip(light, 0, _MOST_LIGHT) * np.float32((_STEPS - 1) / _MOST_LIGHT) + np.float32(0.5)
        return np.asarray(self._code_of_light[index.astype(np.uint16)], np.uint8)


class _H264:
    """A camera's own compression: x264 as a camera chip does it, no look ahead."""

    def __init__(self, size_wh: SizeWh) -> None:
        self._coder = av.CodecContext.create("libx264", "w")
        self._coder.width, self._coder.height = size_wh
        self._coder.pix_fmt, self._coder.time_base = "yuv420p", Fraction(1, RATE_HZ)
        self._coder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23"}
        self._decoder = av.CodecContext.create("h264", "r")
        self._decoder.options = {"flags": "low_delay"}
        self._decoder.thread_count = 1
        self._last: U8 | None = None

    def through(self, rgb: U8) -> U8:
        """The picture as it comes out; where the decoder holds it back, itself."""
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        for packet in self._coder.encode(frame):
            for decoded in self._decoder.decode(av.Packet(bytes(packet))):
                self._last = np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8)
        return rgb if self._last is None else self._last


def _jpeg(rgb: U8) -> U8:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _MJPEG_QUALITY])[1]
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def _shadow(pha: U8) -> F32:
    """Softly, a little to the right and below; 0 to 1, f32 (H, W)."""
    height, width = pha.shape
    small = cv2.resize(pha, (width // 8, height // 8), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    soft = cv2.GaussianBlur(np.roll(small, (2, 4), (0, 1)), (0, 0), 3.0)
    return np.asarray(cv2.resize(soft, (width, height)), np.float32)


def _faulty(calibration: Calibration, shift_px: float) -> Calibration:
    """A calibration that is off by so many camera pixels."""
    if not shift_px:
        return calibration
    back: F64 = np.array([[1.0, 0, -shift_px], [0, 1.0, -0.4 * shift_px], [0, 0, 1.0]])
    exact = calibration.page_from_flat
    return replace(
        calibration,
        page_from_camera=calibration.page_from_camera @ back,
        page_from_flat=None if exact is None else exact @ back,
    )


def _measured_tone(optics: Optics) -> F32 | None:
    """The camera's tone curve as a calibration with the pattern finds it, before anybody comes."""
    renderer, pattern = Renderer(optics, RATE_HZ), Pattern(optics.size_wh)
    page = Page(pattern.mosaic, 1, 0, 0)
    seen = [renderer.render(index, page, teacher=False) for index in range(_MOSAICS)]
    return photometric(optics.calibration()[0], pattern.mosaic, np.mean(seen, axis=0, dtype=np.float32)).tone


def _curves() -> tuple[F32, U8]:
    """Light of each code f32 (256,), and code of light u8 (_STEPS,): the simulated camera's tone curve."""
    light = np.linspace(0, _MOST_LIGHT, _STEPS)
    code = tone(light) * 255
    return (
        np.asarray(np.interp(np.arange(256), code, light), np.float32),
        np.asarray(np.clip(np.rint(code), 0, 255), np.uint8),
    )
