"""The secrets of the box: who may direct the lesson, share a screen, or watch."""

from __future__ import annotations

import hmac
import json
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from appliance.errors import CannotStore
from appliance.settings import Fault, SettingsError

log = logging.getLogger("classroom.tokens")

MIN_LENGTH = 16
FILE_NAME = "tokens.json"
_VARIABLES = {
    "assistant": "CLASSROOM_ASSISTANT_TOKEN",
    "presenter": "CLASSROOM_PRESENTER_TOKEN",
    "viewer": "CLASSROOM_VIEWER_TOKEN",
}


class Role(IntEnum):
    """What a token allows. Each may do all that those below may."""

    VIEWER = 1
    PRESENTER = 2
    ASSISTANT = 3


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """The tokens. No repr: they must not get into a log by accident."""

    assistant: str
    presenter: str
    viewer: str

    def role(self, presented: str) -> Role | None:
        """Whose token this is, in constant time; None for a wrong one."""
        offered = presented.encode()
        is_assistant = hmac.compare_digest(offered, self.assistant.encode())
        is_presenter = hmac.compare_digest(offered, self.presenter.encode())
        is_viewer = hmac.compare_digest(offered, self.viewer.encode())
        if is_assistant:
            return Role.ASSISTANT
        if is_presenter:
            return Role.PRESENTER
        return Role.VIEWER if is_viewer else None


def load_tokens(state_dir: Path, environment: Mapping[str, str] | None = None) -> Tokens:
    """The environment's tokens; what it does not give is read from state_dir, or made and stored there.

    Raises SettingsError for a short token or a damaged file, CannotStore for a folder that takes no files:
    tokens that live in memory alone would break every link given away at the next restart.
    """
    environment = os.environ if environment is None else environment
    given = {
        name: environment[variable] for name, variable in _VARIABLES.items() if environment.get(variable)
    }
    faults = [
        Fault(_VARIABLES[name], "(hidden)", f"Use at least {MIN_LENGTH} visible ASCII characters.")
        for name, token in given.items()
        if not _is_usable(token)
    ]
    if not faults and len(set(given.values())) < len(given):
        faults.append(Fault(_VARIABLES["viewer"], "(hidden)", "The tokens must differ from each other."))
    if faults:
        raise SettingsError(*faults)
    tokens = given if len(given) == len(_VARIABLES) else _stored(state_dir / FILE_NAME) | given
    return Tokens(**tokens)


def _is_usable(token: str) -> bool:
    # A bearer token is visible ASCII (RFC 6750, 2.1); anything else could not be sent.
    return len(token) >= MIN_LENGTH and all("!" <= character <= "~" for character in token)


def _stored(path: Path) -> dict[str, str]:
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SettingsError(_file_fault(path, f"It cannot be read ({error.strerror}).")) from None
    return _made(path, {})


def _made(path: Path, known: Mapping[str, str]) -> dict[str, str]:
    """Makes the tokens that are not known yet, and stores all. Raises CannotStore."""
    made = {name: known.get(name) or secrets.token_urlsafe(32) for name in _VARIABLES}
    try:
        _write(path, made)
    except OSError as error:
        names = ", ".join(_VARIABLES.values())
        raise CannotStore(
            f"The tokens cannot be stored in {path} ({error.strerror}). Make room and give this user the "
            "right to write there, choose another folder with --set box.state_dir=FOLDER, or give the "
            f"tokens in {names}."
        ) from None
    return made


def _read(path: Path) -> dict[str, str]:
    text = path.read_text()
    try:
        document = json.loads(text)
        # A box from before there were presenters has none yet.
        tokens = {name: str(document[name]) for name in _VARIABLES if name != "presenter" or name in document}
    except (ValueError, KeyError, TypeError):
        raise SettingsError(_file_fault(path, "It is damaged.")) from None
    if not all(_is_usable(token) for token in tokens.values()):
        raise SettingsError(_file_fault(path, "It holds a token that is too short."))
    if path.stat().st_mode & 0o077:
        log.warning("%s was readable by others; it is now readable by its owner alone", path)
        path.chmod(0o600)
    return tokens if len(tokens) == len(_VARIABLES) else _made(path, tokens)


def _write(path: Path, tokens: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(tokens, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _file_fault(path: Path, what: str) -> Fault:
    mend = f"{what} Delete the file to get new links, or mend its permissions."
    return Fault("tokens", "", mend, str(path))
