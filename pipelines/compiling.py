"""Inner loops over pixels, compiled: without the interpreter's lock, and cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(*, fastmath: bool = False, inline: bool = False) -> Callable[[Function], Function]:
    """Numba's njit for the pipelines. Division by zero gives inf or nan, as in NumPy.

    fastmath lets sums be reordered: not for loops whose result must be the same on every machine.
    The machine code is kept beside the source, or in NUMBA_CACHE_DIR where a service may only read
    its installation; where neither can be written it is compiled at each start.
    """
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": fastmath,
        "inline": "always" if inline else "never",
    }

    def compile_it(function: Function) -> Function:
        try:
            return njit(cache=True, **options)(function)  # type: ignore[no-any-return]
        except RuntimeError:  # Numba found no folder for its cache
            return njit(**options)(function)  # type: ignore[no-any-return]

    return compile_it


def kept_in() -> str | None:
    """The folder where this module's machine code would be kept; None where there is none to write to."""
    probe: Any = compiled()(_probe)
    path: str | None = probe.stats.cache_path
    return path


def _probe() -> int:
    return 0
