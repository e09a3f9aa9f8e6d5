"""Is a calibration good enough to teach with? Each finding says what is wrong and what to do about it."""

from __future__ import annotations

from pipelines.calibration.report import Finding, Report, Verdict, found
from pipelines.media import length_scale
from pipelines.saying import Said, said

# Camera pixels for a picture of 720 rows: refused from the second on, a warning from the first.
RMS_PX = (0.25, 0.6)
OUTLINE_PX = (0.3, 0.8)
BLUR_PX = (1.6, 2.4)
MOVED_PX = (0.3, 0.6)
WIDTH_SHARE = (0.5, 0.3)  # falling
CORNERS_SHARE = (0.4, 0.2)  # falling
CLIPPED = (0.05, 0.25)
WASHED = (0.02, 0.1)
RESIDUAL_CODES = (3.0, 8.0)
ANGLE_DEG = (15.0, 40.0)
DELAY_SIGMA_MS = 5.0
_STRAIGHT_DEG = 3.0


def judge(report: Report) -> list[Finding]:
    """Findings on the numbers of a report, worst things first within the order of the eye: place, sharpness,
    light, time, angle."""
    scale = length_scale(report.camera_wh)
    findings = [
        *_place(report, scale),
        *_picture(report, scale),
        *_light(report),
        _delay(report),
        _angle(report),
    ]
    return [finding for finding in findings if finding is not None]


def _place(report: Report, scale: float) -> list[Finding | None]:
    cut_off = (
        None
        if report.lcd_in_picture
        else found(
            "refused",
            said("lcd_cut_off", "the LCD is cut off at the picture's border"),
            said("show_all_of_lcd", "turn or zoom the camera until all of the LCD is in its picture"),
        )
    )
    size = _falling(
        report.lcd_width_share,
        WIDTH_SHARE,
        said("lcd_width", "the LCD fills {share:.0%} of the picture's width", share=report.lcd_width_share),
        said("zoom_in", "zoom in, or put the camera closer: three quarters are best"),
    )
    few = None
    if report.kind == "pattern":
        few = _falling(
            report.points / report.points_of,
            CORNERS_SHARE,
            said(
                "corners_seen",
                "{points} of the pattern's {points_of} corners seen",
                points=report.points,
                points_of=report.points_of,
            ),
            said("step_aside", "step aside, and look for glare, focus and a LCD cut off"),
        )
    rms = _rising(
        report.rms_px / scale,
        RMS_PX,
        said(
            "reprojection",
            "reprojection error {rms_px:.2f} px over {points} points",
            rms_px=report.rms_px,
            points=report.points,
        ),
        said("keep_still", "keep the camera still; a lens that bends irregularly cannot be used"),
    )
    outline = _rising(
        report.outline_px / scale,
        OUTLINE_PX,
        said("outline", "the LCD's border is known within {outline_px:.2f} px", outline_px=report.outline_px),
        said("with_the_pattern", "calibrate with the pattern")
        if report.kind == "pattern"
        else said(
            "fuller_or_pattern",
            "turn to a fuller page, with text or drawings up to its borders, or calibrate with the pattern",
        ),
    )
    return [cut_off, size, few, rms, outline]


def _picture(report: Report, scale: float) -> list[Finding | None]:
    blur = moved = None
    if report.blur_px is not None:
        blur = _rising(
            report.blur_px / scale,
            BLUR_PX,
            said("blur", "blur {blur_px:.1f} px", blur_px=report.blur_px),
            said("focus", "focus the camera on the LCD, then lock its focus"),
        )
    if report.moved_px is not None:
        moved = _rising(
            report.moved_px / scale,
            MOVED_PX,
            said("moved", "the camera moved by {moved_px:.2f} px meanwhile", moved_px=report.moved_px),
            said("fasten", "fasten the camera, and switch its stabilisation and tracking off"),
        )
    return [blur, moved]


def _light(report: Report) -> list[Finding | None]:
    washed = clipped = None
    if report.washed is not None:
        washed = _rising(
            report.washed,
            WASHED,
            said("glare", "glare on {washed:.0%} of the LCD", washed=report.washed),
            said("no_glare", "draw the curtains, or switch the lamp off that is mirrored in the LCD"),
        )
    if report.clipped is not None:
        clipped = _rising(
            report.clipped,
            CLIPPED,
            said("overexposed", "{clipped:.0%} of the LCD overexposed", clipped=report.clipped),
            said("less_exposure", "lower the camera's exposure until white pages are not clipped"),
        )
    if report.photometric_codes is None:
        colours = found(
            "warning",
            said("colours_unknown", "the LCD's colours are not explained"),
            said(
                "glare_or_auto",
                "look for glare, and for a camera that changes its exposure or white balance by itself",
            ),
        )
    else:
        colours = _rising(
            report.photometric_codes,
            RESIDUAL_CODES,
            said("colours", "colours explained within {codes:.1f} of 255", codes=report.photometric_codes),
            said("lock_exposure", "lock the camera's exposure and white balance; look for glare"),
            worst="warning",
        )
    return [washed, clipped, colours, _tone(report)]


def _tone(report: Report) -> Finding:
    if report.has_tone:
        return found("good", said("tone_measured", "the camera's tone curve measured"))
    return found(
        "warning",
        said("tone_unknown", "the camera's tone curve not measured: too few greys in sight"),
        said("tone_by_pattern", "calibrate with the pattern: hair before bright pages will be finer"),
    )


def _delay(report: Report) -> Finding | None:
    if report.kind == "courseware":
        return None
    if report.delay_ms is None or report.delay_sigma_ms is None:
        return found(
            "warning",
            said("delay_unknown", "the delay was not measured"),
            said("again_at_rest", "calibrate again, with a camera at rest"),
        )
    text = said(
        "delay",
        "delay from page to picture {delay_ms:.0f} ms, give or take {delay_sigma_ms:.1f} ms",
        delay_ms=report.delay_ms,
        delay_sigma_ms=report.delay_sigma_ms,
    )
    if report.delay_sigma_ms > DELAY_SIGMA_MS:
        return found("warning", text, said("again_nobody", "calibrate again, with nobody before the LCD"))
    return found("good", text)


def _angle(report: Report) -> Finding:
    parallax = report.parallax_px()
    text = said(
        "camera_angle",
        "camera {angle_deg:.0f} degrees off the LCD's normal: a fingertip 5 cm before the LCD lands "
        "{at_5:.0f} px beside its place on a 1920-px page ({at_2:.0f} px at 2 cm, {at_10:.0f} px at 10 cm)",
        angle_deg=report.angle_deg,
        at_2=parallax[2],
        at_5=parallax[5],
        at_10=parallax[10],
    )
    verdict = _verdict(report.angle_deg, ANGLE_DEG)
    return found(verdict, text, "" if verdict == "good" else placement(report))


def placement(report: Report) -> Said:
    """Where to move the camera, as somebody sees it who faces the LCD."""
    right, down = report.angle_right_deg, report.angle_down_deg
    across = said("to_the_left", "{across:.0f} degrees to the left", across=right)
    if right < 0:
        across = said("to_the_right", "{across:.0f} degrees to the right", across=-right)
    along = said("upwards", "{along:.0f} degrees up", along=down)
    if down < 0:
        along = said("downwards", "{along:.0f} degrees down", along=-down)
    is_across, is_along = abs(right) > _STRAIGHT_DEG, abs(down) > _STRAIGHT_DEG
    if is_across and is_along:
        return said(
            "move_both",
            "put the camera straight before the LCD's middle: facing it, move {move_across} and {move_along}",
            move_across=across,
            move_along=along,
        )
    return said(
        "move_one",
        "put the camera straight before the LCD's middle: facing it, move {move}",
        move=across if is_across else along,
    )


def _verdict(value: float, limits: tuple[float, float], worst: Verdict = "refused") -> Verdict:
    warning, refused = limits
    return "good" if value <= warning else "warning" if value <= refused else worst


def _rising(
    value: float, limits: tuple[float, float], text: Said, mend: Said, worst: Verdict = "refused"
) -> Finding:
    verdict = _verdict(value, limits, worst)
    return found(verdict, text, "" if verdict == "good" else mend)


def _falling(value: float, limits: tuple[float, float], text: Said, mend: Said) -> Finding:
    return _rising(-value, (-limits[0], -limits[1]), text, mend)
