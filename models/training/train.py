"""The training itself: steps, checkpoints, resume. The same seed and scenes give the same batches."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.training.blinkers import NEVER_WORSE
from models.training.dataset import Sample
from models.training.export import begin_with
from models.training.losses import Truth, Weights, loss, opened
from models.training.net import Refiner, parameters
from models.training.patches import Batch, Patches, batch_of

log = logging.getLogger("classroom.training")

REPORT_EVERY, SAVE_EVERY, TEST_EVERY = 100, 500, 1000
# Two descents of the learning rate (Loshchilov and Hutter, "SGDR", ICLR 2017): the first learns, the second
# learns to leave alone what the coarse alpha knows better, for which being worse counts more in it. Weights
# to go on from have learnt that: for them there is one.
PEAK_RATE, LATE_RATE, LAST_SHARE = 2e-3, 5e-4, 0.01
FIRST_SHARE = 8 / 11  # of the steps
LATE_NEVER_WORSE = 4.0  # times what it counted before
START_SHARE = 0.5  # of the learning rate, for weights that know most of it
_WARM_STEPS, _RAMP_STEPS = 200, 1500  # of the rate, and of being worse; no more than _RAMP_SHARE of all
_RAMP_SHARE = 0.07
_AVERAGE, _AVERAGE_SHARE = 0.999, 1 / 22  # of the weights that are exported; a short training averages less


class OtherCourse(Exception):
    """The folder's checkpoint is of another training. The message says which, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Course:
    """One training. folder: for checkpoint.pt and log.jsonl. without: of blinkers.PARTS, an ablation. start:
    exported weights to begin with, gently; None begins with chance.
    """

    folder: Path
    steps: int
    seed: int = 1
    without: tuple[str, ...] = ()
    start: Path | None = None

    def noted(self) -> dict[str, str]:
        """What a checkpoint says of its course, in words; start: the SHA-256 of its bytes."""
        start = "" if self.start is None else hashlib.sha256(self.start.read_bytes()).hexdigest()
        steps, seed = str(self.steps), str(self.seed)
        return {"steps": steps, "seed": seed, "without": ", ".join(self.without), "start": start}


def schedule(progress: float, *, goes_on: bool = False) -> tuple[float, float]:
    """Learning rate, and what being worse than the coarse alpha counts, at 0 to 1 of the way. goes_on: from
    weights that know most of it.
    """
    if goes_on:
        return START_SHARE * PEAK_RATE * _fallen(progress), 1.0
    if progress >= FIRST_SHARE:
        return LATE_RATE * _fallen((progress - FIRST_SHARE) / (1 - FIRST_SHARE)), LATE_NEVER_WORSE
    return PEAK_RATE * _fallen(progress / FIRST_SHARE), 1.0


def _fallen(progress: float) -> float:
    return LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * progress))


def _kept(steps: int) -> float:
    """How much of the average stays at each step."""
    return min(_AVERAGE, max(0.0, 1 - 1 / (_AVERAGE_SHARE * steps)))


class Trainer:
    """Trains from where the folder's checkpoint ended. Raises OtherCourse for one of another course."""

    def __init__(self, course: Course) -> None:
        torch.manual_seed(course.seed)
        self.course = course
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.net = Refiner(course.without).to(self.device, memory_format=torch.channels_last)
        if course.start is not None:
            begin_with(self.net, course.start)
        self.average = torch.optim.swa_utils.AveragedModel(
            self.net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_kept(course.steps))
        )
        self._weights = Weights(never_worse=0.0) if NEVER_WORSE in course.without else Weights()
        self._warm_steps, self._ramp_steps = (
            min(steps, _RAMP_SHARE * course.steps) for steps in (_WARM_STEPS, _RAMP_STEPS)
        )
        self._optimizer = torch.optim.AdamW(self.net.parameters(), lr=PEAK_RATE, weight_decay=1e-4)
        # Elsewhere a processor imitates these numbers, four times slower than it counts in 32 bits.
        self._is_half_fast = self.device.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        self.step = 0
        self._checkpoint = course.folder / "checkpoint.pt"
        if self._checkpoint.exists():
            self._resume()

    def run(self, patches: Patches, tests: Sequence[Sample]) -> None:
        """To the last step. tests: whole scenes of people never trained on."""
        log.info("%d parameters on %s, from step %d", parameters(self.net), self.device, self.step)
        seen: list[tuple[float, float, float]] = []
        started = time.monotonic()
        first = self.step
        for batch in patches.batches(first, self.course.steps):
            seen.append(self._train(batch))
            self.step += 1
            if self.step % REPORT_EVERY == 0:
                total, error, before = np.mean(seen, axis=0)
                pace = (self.step - first) / (time.monotonic() - started)
                self._note(kind="train", loss=total, mad=error, coarse_mad=before, steps_a_s=pace)
                seen.clear()
            if self.step % SAVE_EVERY == 0 or self.step == self.course.steps:
                self._save()
            if tests and (self.step % TEST_EVERY == 0 or self.step == self.course.steps):
                self._note(kind="test", **self.test(tests))

    def test(self, scenes: Sequence[Sample]) -> dict[str, float]:
        """Mean absolute errors over whole scenes, and where alpha is soft, of the averaged weights."""
        sums: dict[str, list[float]] = {}
        self.average.eval()
        for scene in scenes:
            truth, answer = self._whole(scene)
            pha = opened(answer, truth).clamp(0, 1)
            soft = (truth.pha > 0.02) & (truth.pha < 0.98)
            for name, alpha in (("", pha), ("coarse_", truth.coarse)):
                error = (alpha - truth.pha).abs()
                sums.setdefault(f"{name}mad", []).append(float(error.mean()))
                if soft.any():
                    sums.setdefault(f"{name}soft_mad", []).append(float(error[soft].mean()))
            mads = sums["mad"][-1], sums["coarse_mad"][-1]
            sums.setdefault("worse", []).append(float(mads[0] > 1.01 * mads[1] + 1e-5))
        return {name: float(np.mean(values)) for name, values in sums.items()}

    def _whole(self, scene: Sample) -> tuple[Truth, Tensor]:
        truth, features = self._tensors(batch_of([scene]))
        with torch.no_grad():
            return truth, self.average(features)

    def _train(self, batch: Batch) -> tuple[float, float, float]:
        goes_on = self.course.start is not None
        rate, never_worse = schedule(self.step / self.course.steps, goes_on=goes_on)
        rate *= min(1.0, (self.step + 1) / self._warm_steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        truth, features = self._tensors(batch)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._is_half_fast):
            answer = self.net(features)
        ramp = min(1.0, self.step / self._ramp_steps) * never_worse
        total, error, before = loss(answer.float(), truth, self._weights, ramp)
        self._optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._optimizer.step()
        self.average.update_parameters(self.net)
        return float(total.detach()), float(error), float(before)

    def _tensors(self, batch: Batch) -> tuple[Truth, Tensor]:
        planes = (batch.rgb, batch.fgr, batch.pha, batch.coarse)
        truth = Truth(*(torch.from_numpy(p).to(self.device).float() / 255 for p in planes))
        features = torch.from_numpy(batch.features).to(self.device, memory_format=torch.channels_last)
        return truth, features

    def _note(self, **values: str | float) -> None:
        line = {"step": self.step} | {k: v if isinstance(v, str) else float(v) for k, v in values.items()}
        with (self.course.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        log.info(
            "%s", " ".join(f"{k} {v:.5g}" if isinstance(v, float) else f"{k} {v}" for k, v in line.items())
        )

    def _save(self) -> None:
        states = {
            "step": self.step,
            "without": list(self.course.without),
            "course": self.course.noted(),
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(states, part)
        part.rename(self._checkpoint)

    def _resume(self) -> None:
        states = torch.load(self._checkpoint, map_location=self.device, weights_only=True)
        wanted = self.course.noted()
        before: dict[str, str] = states.get("course", wanted)  # checkpoints of before say nothing
        other = [
            f"{key} {before.get(key) or 'none'}, not {value or 'none'}"
            for key, value in wanted.items()
            if before.get(key) != value
        ]
        if other:
            raise OtherCourse(
                f"{self._checkpoint} is of another training ({'; '.join(other)}): go on with that one, "
                "choose another --folder, or remove the file"
            )
        self.net.load_state_dict(states["net"])
        self.average.load_state_dict(states["average"])
        self._optimizer.load_state_dict(states["optimizer"])
        self.step = int(states["step"])
