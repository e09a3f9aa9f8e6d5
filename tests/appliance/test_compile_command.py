"""What set-up compiles is all that a lesson needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from models.catalog import default_models_dir, locate
from models.errors import ModelError

HOMES = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
# In a process of its own: what other tests compile is not counted there.
PLAYED = """
import sys
from numba.core.dispatcher import Dispatcher
from appliance.bench.matting import measure_matting
from pipelines.studio.loops import ALL

def kinds():
    found = set()
    for name, module in list(sys.modules.items()):
        if name.startswith("pipelines."):
            for value in vars(module).values():
                if isinstance(value, Dispatcher):
                    found |= {f"{name}.{value.py_func.__name__}{kind}" for kind in value.signatures}
    return found

for warm in ALL:
    warm()
before = kinds()
measure_matting((640, 360), 3)
measure_matting((960, 540), 3, is_thrifty=True)
print(len(before), "kinds", sorted(kinds() - before))
"""


def test_the_cutting_out_needs_no_other_loops() -> None:
    try:
        locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"needs the matting network: {error.reason}")
    done = subprocess.run([sys.executable, "-c", PLAYED], capture_output=True, text=True, check=True)
    count, _, others = done.stdout.splitlines()[-1].partition(" kinds ")
    assert int(count) > 30 and others == "[]"


# Another user, after the imports, who may write neither here nor at home.
AS_NOBODY = """
import os
from pipelines.studio.loops import compile_loops
os.environ["HOME"] = "/nonexistent"
os.setuid(65534)
print(compile_loops(lambda done, parts: print(done, parts)))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may write nowhere")
def test_where_nothing_can_be_kept_nothing_is_compiled() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in HOMES}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == "None\n"
