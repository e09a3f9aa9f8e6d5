import numpy as np

from pipelines.compiling import compiled


def test_compiles_without_a_folder_for_the_cache() -> None:
    namespace: dict[str, object] = {}
    exec("def double(x):\n    return 2 * x", namespace)  # a function of no file, which Numba cannot cache
    assert compiled()(namespace["double"])(21) == 42  # type: ignore[operator,type-var]


@compiled()
def _ratio(one: float, other: float) -> float:
    return one / other


def test_a_division_by_zero_does_not_raise_in_the_middle_of_a_picture() -> None:
    assert np.isinf(_ratio(1.0, 0.0))
