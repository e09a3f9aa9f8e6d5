"""Draws on one screen of this machine: a program of its own, because graphics drivers may crash or hang, and
because SDL's libraries and OpenCV's cannot share a process.

Arguments: screen, counted from 0, then width and height of the pages. Standard output: lines of JSON. First
{"driver", "screens": [[width, height], ...], "wh", "hz"}, or {"fault": "none" | "missing" | "driver", "text",
"screens"}. Standard input: pages, w * h * 3 bytes RGB each; each is answered with {"shown_ns"} once it stands
on the screen. Without arguments it tells of the screens alone. Ends with its input, and when the screen goes.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time

# Read by SDL and pygame as they are loaded: another window in front does not put this one away.
os.environ |= {"PYGAME_HIDE_SUPPORT_PROMPT": "1", "SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS": "0"}

import pygame

# Unbuffered, or a page could wait in a buffer that select knows nothing of.
_input = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - of the whole process
_BLIND = ("offscreen", "dummy", "evdev")  # what SDL falls back on where there is no screen
_LOOK_S = 0.5  # between two looks at the screen's cable


def _answer(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _screens() -> list[tuple[int, int]]:
    """Width and height of each. Raises pygame.error."""
    pygame.display.init()
    driver = pygame.display.get_driver()
    if driver in _BLIND:
        raise pygame.error("neither a desktop nor a graphics card that this user may use")
    return pygame.display.get_desktop_sizes()


def _open(screen: int, size_wh: tuple[int, int]) -> pygame.Surface:
    """The whole screen. Raises pygame.error."""
    flags = pygame.FULLSCREEN | pygame.SCALED  # SCALED, at its own size: the way that waits for the refresh
    try:
        surface = pygame.display.set_mode(size_wh, flags, display=screen, vsync=1)
    except pygame.error:  # a driver that cannot wait for it
        surface = pygame.display.set_mode(size_wh, flags, display=screen)
    pygame.mouse.set_visible(False)
    return surface


def _middle(surface: pygame.Surface, page_wh: tuple[int, int]) -> pygame.Surface:
    """The part of the screen that the page fills, as large as it gets; bars beside it."""
    width, height = surface.get_size()
    times = min(width / page_wh[0], height / page_wh[1])
    w, h = min(round(page_wh[0] * times), width), min(round(page_wh[1] * times), height)
    return surface.subsurface((width - w) // 2, (height - h) // 2, w, h)


def _show(place: pygame.Surface, page: pygame.Surface) -> None:
    """Returns when the page stands on the screen: the second flip waits for the first to have happened."""
    if page.get_size() == place.get_size():
        place.blit(page, (0, 0))
    else:
        pygame.transform.smoothscale(page.convert(place), place.get_size(), place)
    pygame.display.flip()
    pygame.display.flip()


def _fill(pixels: bytearray) -> bool:
    """Reads a whole page; False if the input ends before."""
    view, got = memoryview(pixels), 0
    while got < len(view):
        count = _input.readinto(view[got:])
        if not count:
            return False
        got += count
    return True


def _draw(place: pygame.Surface, page_wh: tuple[int, int], screens: list[tuple[int, int]]) -> None:
    """Page after page, until the input ends or the screens are others."""
    pixels = bytearray(page_wh[0] * page_wh[1] * 3)
    page = pygame.image.frombuffer(pixels, page_wh, "RGB")
    while pygame.display.get_desktop_sizes() == screens:
        if select.select([_input], [], [], _LOOK_S)[0]:
            if not _fill(pixels):
                return
            _show(place, page)
            _answer(shown_ns=time.monotonic_ns())
        elif any(event.type == pygame.WINDOWEXPOSED for event in pygame.event.get()):
            _show(place, page)  # something lay over it
        pygame.event.pump()


def main(arguments: list[str]) -> None:
    """The process's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the studio's to answer
    try:
        screens = _screens()
    except pygame.error as error:
        _answer(fault="none", text=str(error), screens=[])
        return
    if not arguments:
        _answer(driver=pygame.display.get_driver(), screens=screens)
        return
    screen, width, height = map(int, arguments)
    if screen >= len(screens):
        _answer(fault="missing", text="", screens=screens)
        return
    try:
        surface = _open(screen, screens[screen])
    except pygame.error as error:
        _answer(fault="driver", text=str(error), screens=screens)
        return
    hz = pygame.display.get_current_refresh_rate()
    _answer(driver=pygame.display.get_driver(), screens=screens, wh=screens[screen], hz=hz)
    _draw(_middle(surface, (width, height)), (width, height), screens)


if __name__ == "__main__":
    main(sys.argv[1:])
