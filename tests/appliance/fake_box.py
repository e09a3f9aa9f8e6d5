"""The real daemon over the fake studio: `python fake_box.py run ...`, as `classroom`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # Here, because the studio's process reads this file as well, and needs none of it.
    import functools

    from appliance import restarts, studio_life
    from appliance.__main__ import main
    from appliance.commands import run
    from appliance.daemon import run_daemon

    # Less patience than in service, for the same steps.
    studio_life.HUNG_S = 6.0
    restarts.FIRST_PAUSE_S = 0.05
    restarts.MOST = 3
    run.run_daemon = functools.partial(run_daemon, entry="fake_studio:run_studio")
    sys.exit(main())
