"""Single pictures of a box's stages, over its API."""

from __future__ import annotations

import urllib.request

import cv2
import numpy as np

from appliance.bench.ours import Box
from pipelines.media import U8


def picture(box: Box, path: str) -> U8:
    """u8 (H, W, 3). path: after /api/v1, as "/pictures/page"."""
    request = urllib.request.Request(
        f"{box.url}/api/v1{path}", headers={"Authorization": f"Bearer {box.token}"}
    )
    with urllib.request.urlopen(request, timeout=20) as reply:
        decoded = cv2.imdecode(np.frombuffer(reply.read(), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded[..., ::-1], np.uint8)
