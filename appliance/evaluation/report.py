"""What an evaluation says: JSON, a table, and a contact sheet to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from appliance.evaluation.scoring import MEASURES, Result, Shown, averaged, composite
from pipelines.matting.metrics import full_pha
from pipelines.media import U8, Box, Matte

WORSE_BY = 0.02
_LEAST_MAD = 0.05  # thousandths: two per cent of next to nothing is nothing
_CELL_WH = (300, 220)
_ZOOM_PX = 130
_COLUMNS = (
    "camera",
    "truth",
    "network",
    "full",
    "network composed",
    "full composed",
    "hand, hair: network",
    "full",
)
_OTHER_PAGE = (60, 105, 85)

Json = dict[str, Any]
Named = tuple[str, str, Result]  # clip, scenario, result


def as_json(results: Sequence[Named]) -> Json:
    """`clips` by name and `mean`, each with `network` and, unless it was left out, `full`."""
    names = list(dict.fromkeys(clip for clip, _, _ in results))
    clips = {name: _sides([r for clip, _, r in results if clip == name]) for name in names}
    mean = {
        side: averaged(iter([clip[side] for clip in clips.values()])) for side in next(iter(clips.values()))
    }
    scenarios: dict[str, Json] = {}
    for clip, scenario, result in results:
        scenarios.setdefault(clip, {})[scenario] = _sides([result])
    out: Json = {"clips": clips, "mean": mean, "scenarios": scenarios, "worse": worse(results)}
    correlation = quality_correlation(results)
    if correlation is not None:
        out["quality_correlation"] = correlation
    return out


def worse(results: Sequence[Named]) -> list[Json]:
    """Clips and scenarios where the full keyer's MAD is more than WORSE_BY above the network's."""
    found = []
    for clip, scenario, result in results:
        if result.full is None:
            continue
        alone, full = result.network["mad"], result.full["mad"]
        if alone is not None and full is not None and full > alone * (1 + WORSE_BY) + _LEAST_MAD:
            found.append({"clip": clip, "scenario": scenario, "network_mad": alone, "full_mad": full})
    return found


def quality_correlation(results: Sequence[Named]) -> float | None:
    """Spearman's rank correlation of the score without truth and the true MAD, by frame; -1 is best."""
    pairs = np.array([pair for _, _, result in results for pair in result.qualities])
    if len(pairs) < 10 or np.ptp(pairs, axis=0).min() == 0:
        return None
    ranks = np.argsort(np.argsort(pairs, axis=0), axis=0)
    return float(np.corrcoef(ranks[:, 0], ranks[:, 1])[0, 1])


def table(results: Sequence[Named], report: Json) -> str:
    """By clip and scenario, then means and ratios."""
    lines = [f"{'clip':<22}{'scenario':<13}{'MAD network':>12}{'full':>8}{'ratio':>7}"]
    for clip, scenario, result in results:
        alone = result.network["mad"] or 0.0
        full = result.full["mad"] if result.full else None
        tail = "" if full is None else f"{full:>8.2f}{full / max(alone, 1e-6):>7.2f}"
        lines.append(f"{clip[:21]:<22}{scenario:<13}{alone:>12.2f}{tail}")
    lines.append("")
    lines.append(f"{'mean of clips':<22}" + "".join(f"{name[:11]:>12}" for name in MEASURES))
    for side, values in report["mean"].items():
        lines.append(f"{side:<22}" + "".join(_number(values[name]) for name in MEASURES))
    if "full" in report["mean"]:
        network, full = report["mean"]["network"], report["mean"]["full"]
        lines.append(f"{'full / network':<22}" + "".join(_ratio(full[n], network[n]) for n in MEASURES))
        lines.append(f"clips and scenarios more than 2 % worse: {len(report['worse'])} of {len(results)}")
    if "quality_correlation" in report:
        lines.append(
            f"the score without truth against true MAD, rank correlation: {report['quality_correlation']:.2f}"
        )
    return "\n".join(lines)


def contact_sheet(results: Sequence[Named], target: Path) -> None:
    """One row a clip and scenario; a PNG."""
    rows = [_row(f"{clip} {scenario}", r.shown) for clip, scenario, r in results if r.shown is not None]
    if not rows:
        return
    head: U8 = np.full((22, rows[0].shape[1], 3), 255, np.uint8)
    for k, name in enumerate(_COLUMNS):
        cv2.putText(head, name, (k * _CELL_WH[0] + 4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
    cv2.imwrite(str(target), cv2.cvtColor(np.vstack([head, *rows]), cv2.COLOR_RGB2BGR))


def _row(label: str, shown: Shown) -> U8:
    box, frame = shown.box, shown.moment.frame
    truth = shown.moment.pha
    alphas = [truth[box.slices], *(full_pha(m)[box.slices] for m in (shown.network, shown.full))]
    cells = [frame.rgb[box.slices], *(np.dstack([alpha] * 3) for alpha in alphas)]
    cells += [_composed(matte, box) for matte in (shown.network, shown.full)]
    zoom = _zoom_box(shown)
    cells += [_composed(matte, zoom) for matte in (shown.network, shown.full)]
    row = np.hstack([_fitted(np.ascontiguousarray(cell)) for cell in cells])
    cv2.putText(row, label, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 40, 40), 1, cv2.LINE_AA)
    return np.asarray(row, np.uint8)


def _composed(matte: Matte, box: Box) -> U8:
    """Over a plain colour."""
    rgb = np.array(matte.frame.rgb)
    rgb[matte.box.slices] = matte.fgr
    page = np.full((box.h, box.w, 3), _OTHER_PAGE, np.uint8)
    return composite(full_pha(matte)[box.slices], rgb[box.slices], page)


def _zoom_box(shown: Shown) -> Box:
    """Around the hand; else the pointer, the hair, the middle."""
    for band in (shown.bands.hand, shown.bands.pointer, shown.bands.hair):
        if band is not None:
            rows, columns = np.nonzero(band)
            at = int(np.median(columns)), int(np.median(rows))
            break
    else:
        at = shown.box.x + shown.box.w // 2, shown.box.y + shown.box.h // 2
    width, height = shown.moment.frame.size_wh
    x = min(max(at[0] - _ZOOM_PX // 2, 0), width - _ZOOM_PX)
    y = min(max(at[1] - _ZOOM_PX // 2, 0), height - _ZOOM_PX)
    return Box(x, y, _ZOOM_PX, _ZOOM_PX)


def _fitted(picture: U8) -> U8:
    """Into a cell, with its shape kept."""
    width, height = _CELL_WH
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size_wh = max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    cell: U8 = np.full((height, width, 3), 255, np.uint8)
    cell[: size_wh[1], : size_wh[0]] = cv2.resize(picture, size_wh, interpolation=how)
    return cell


def _sides(results: Sequence[Result]) -> Json:
    sides: Json = {"network": averaged(iter([r.network for r in results]))}
    if all(r.full is not None for r in results):
        sides["full"] = averaged(iter([r.full for r in results if r.full is not None]))
    return sides


def _number(value: float | None) -> str:
    return f"{'-':>12}" if value is None else f"{value:>12.3f}"


def _ratio(full: float | None, network: float | None) -> str:
    return f"{'-':>12}" if full is None or not network else f"{full / network:>12.2f}"
