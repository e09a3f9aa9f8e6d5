"""The refiner's network: features of tiles in, what to add to the coarse alpha out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.runtime import Session, open_session
from models.settings import NetworkSettings

F32 = npt.NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights" / "refiner.onnx"
"""The project's own, see models/weights/README.md."""

INT8_SUFFIX = ".int8.onnx"
"""Of the same network in 8 bits, beside it: what a CPU runs."""

VARIANT_KEY = "variant"
"""Of the file's metadata: "all", or what an ablation went without (models/training). The box does not ask."""

MULTIPLE = 8  # of the features' height and width: the coarsest level's stride


def int8_beside(weights: Path) -> Path:
    return weights.with_name(weights.name.removesuffix(".onnx") + INT8_SUFFIX)


class RefinerNet:
    """features f32 (n, 56, h, w) -> answer f32 (n, 4, h, w); h and w multiples of MULTIPLE.

    What the planes mean: pipelines/matting/evidence.py. variant: VARIANT_KEY's, "" where the file has none.
    """

    def __init__(self, session: Session) -> None:
        self.provider: str = session.provider
        self.variant = session.properties.get(VARIANT_KEY, "")
        self._session = session

    @classmethod
    def open(cls, settings: NetworkSettings, weights: Path = WEIGHTS) -> RefinerNet:
        """Opens the weights that came with the project, or others. Raises ModelError."""
        session, small = open_session(weights, settings), int8_beside(weights)
        if session.provider == "cpu" and small.is_file():
            session = open_session(small, settings)
        return cls(session)

    def answer(self, features: F32) -> F32:
        """A new array. Raises ModelError."""
        return np.asarray(self._session.run({"features": features})["answer"], np.float32)
