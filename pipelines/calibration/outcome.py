"""From what was seen to a calibration and its report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from pipelines.alignment import Calibration
from pipelines.calibration.drawing import draw_report
from pipelines.calibration.figures import blur_px, glare, lcd_changes, noise_by_level, photometric
from pipelines.calibration.judging import judge
from pipelines.calibration.measuring import NotMeasured, Sights
from pipelines.calibration.pattern import Corners, Pattern
from pipelines.calibration.report import Kind, Report, finite
from pipelines.calibration.solving import Solution, Unsolvable, solve
from pipelines.media import F32, F64, U8, SizeWh
from pipelines.saying import reason_of, said


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A calibration, good or refused: report.is_refused tells. picture: JPEG."""

    calibration: Calibration
    report: Report
    picture: bytes


def from_pattern(sights: Sights, pattern: Pattern) -> Outcome:
    """Raises NotMeasured when the corners in sight do not tell where the LCD is."""
    camera_wh = sights.board.shape[1], sights.board.shape[0]
    corners = pattern.find(sights.board)
    try:
        solution = solve(
            pattern.page_xy(corners.ids), corners.camera_xy, pattern.page_wh, camera_wh, "pattern"
        )
    except Unsolvable as error:
        raise NotMeasured(
            said(
                "calibrate_unsolvable",
                "{why}: look for glare, a camera out of focus, a LCD that is small or cut off in the picture",
                why=reason_of(error),
            )
        ) from error
    calibration = solution.calibration
    light = photometric(calibration, pattern.mosaic, sights.mosaic, lcd_changes(sights.board, sights.inverse))
    shine = glare(calibration, sights.board, sights.inverse)
    delay = sights.flips.delay()
    report = geometry_report("pattern", solution, pattern.count, camera_wh, pattern.page_wh).model_copy(
        update={
            "photometric_codes": finite(light.residual_codes),
            "noise_codes": noise_by_level(sights.mosaic, sights.mosaic_sigma),
            "blur_px": finite(blur_px(calibration, pattern, sights.board)),
            "clipped": shine.clipped,
            "washed": shine.washed,
            "delay_ms": None if delay is None else delay.ms,
            "delay_sigma_ms": None if delay is None else delay.sigma_ms,
            "moved_px": moved_px(sights.first, sights.last),
            "seconds": sights.seconds,
        }
    )
    return judged(report, solution, sights.board, corners.camera_xy, light.tone)


def judged(report: Report, solution: Solution, seen: F32, points_xy: F64, tone: F32 | None) -> Outcome:
    """The outcome with its findings and its picture. seen: f32 (H, W, 3), codes. tone: see Calibration."""
    report = report.model_copy(update={"has_tone": tone is not None})
    report = report.model_copy(update={"findings": judge(report)})
    rgb: U8 = np.asarray(np.clip(np.rint(seen), 0, 255), np.uint8)
    picture = draw_report(
        rgb, solution.calibration, points_xy, solution.missed_px, solution.kept.astype(np.uint8)
    )
    return Outcome(replace(solution.calibration, tone=tone), report, picture)


def geometry_report(
    kind: Kind, solution: Solution, points_of: int, camera_wh: SizeWh, page_wh: SizeWh
) -> Report:
    """The part of a report that the solution tells."""
    calibration, pose = solution.calibration, solution.pose
    width, height = page_wh
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    camera = calibration.to_camera(corners, camera_wh, page_wh)
    inside = (camera >= -0.5) & (camera <= np.array(camera_wh) - 0.5)
    lens = calibration.lens
    assert lens is not None
    return Report(
        kind=kind,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        camera_wh=camera_wh,
        page_wh=page_wh,
        points=int(np.count_nonzero(solution.kept)),
        points_of=points_of,
        rms_px=solution.rms_px,
        outline_px=solution.outline_px,
        lcd_width_share=float(np.hypot(*(camera[1] + camera[2] - camera[0] - camera[3])) / 2 / camera_wh[0]),
        lcd_in_picture=bool(inside.all()),
        angle_deg=pose.off_deg,
        angle_sigma_deg=pose.sigma_deg,
        angle_right_deg=pose.right_deg,
        angle_down_deg=pose.down_deg,
        k1=lens.k1,
        k2=lens.k2,
    )


def moved_px(first: Corners, last: Corners) -> float | None:
    """The median shift of the corners seen at both times, camera pixels."""
    _, at_first, at_last = np.intersect1d(first.ids, last.ids, return_indices=True)
    if len(at_first) == 0:
        return None
    shift = last.camera_xy[at_last] - first.camera_xy[at_first]
    return float(np.hypot(*np.median(shift, axis=0)))
