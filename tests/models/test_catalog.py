from __future__ import annotations

import json
from pathlib import Path

import pytest

from models import catalog
from models.errors import ModelError

NAME = "rvm-mobilenetv3"


def record(folder: Path, content: bytes = b"weights") -> None:
    """Lays an operator's own network into a folder, as `models.install.add` does."""
    folder.mkdir(parents=True)
    (folder / catalog.OWN_FILE_NAME).write_bytes(content)
    sha256 = catalog.sha256_of(folder / catalog.OWN_FILE_NAME)
    (folder / catalog.RECORD_NAME).write_text(json.dumps({"files": {catalog.OWN_FILE_NAME: sha256}}))


def test_catalogue_is_complete() -> None:
    for name, network in catalog.load_catalog().items():
        assert catalog.checked_name(name) == name
        for sha256 in (
            network.source.archive_sha256,
            *network.source.members.values(),
            *network.files.values(),
        ):
            assert len(sha256) == 64
        assert set(network.figures) == set(network.files)
        assert network.licence.name
        assert network.licence.url.startswith("https://")
        assert {"src", "fgr", "pha"} <= {tensor["name"] for tensor in network.tensors}


def test_default_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLASSROOM_MODELS_DIR", str(tmp_path / "own"))
    assert catalog.default_models_dir() == tmp_path / "own"
    monkeypatch.delenv("CLASSROOM_MODELS_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert catalog.default_models_dir() == tmp_path / "classroom" / "models"


def test_missing_network_names_the_command_that_mends_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"classroom models install {NAME}"):
        catalog.locate(NAME, tmp_path / "never made")
    with pytest.raises(ModelError, match=f"The catalogue knows: .*{NAME}.* install other --file PATH"):
        catalog.locate("other", tmp_path)


def test_own_network_is_found(tmp_path: Path) -> None:
    record(tmp_path / "mine")
    assert catalog.locate("mine", tmp_path) == tmp_path / "mine"


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "no record", "broken record", "odd record"])
def test_damage_is_found(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "mine"
    record(folder)
    file, paper = folder / catalog.OWN_FILE_NAME, folder / catalog.RECORD_NAME
    if damage == "changed":
        file.write_bytes(b"weightz")
    elif damage == "cut":
        file.write_bytes(b"")
    elif damage == "gone":
        file.unlink()
    elif damage == "no record":
        paper.unlink()
    else:
        paper.write_text("{" if damage == "broken record" else "[1, 2]")
    with pytest.raises(ModelError, match="classroom models install mine --file PATH"):
        catalog.locate("mine", tmp_path)
    if damage != "no record":
        assert [each.state for each in catalog.list_networks(tmp_path) if each.name == "mine"] == ["broken"]


def test_foreign_file_under_a_catalogued_name_is_damage(tmp_path: Path) -> None:
    """A record cannot vouch for what the catalogue knows better."""
    folder = tmp_path / NAME
    folder.mkdir()
    for file_name in ("coarse.onnx", "refine.onnx"):
        (folder / file_name).write_bytes(b"something else")
    files = {file_name: catalog.sha256_of(folder / file_name) for file_name in ("coarse.onnx", "refine.onnx")}
    (folder / catalog.RECORD_NAME).write_text(json.dumps({"files": files}))
    with pytest.raises(ModelError, match="has not the recorded sha256"):
        catalog.locate(NAME, tmp_path)


@pytest.mark.parametrize("name", ["", "..", "../up", "a/b", ".hidden", "x y", "a\0b"])
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    for act in (catalog.locate, catalog.remove):
        with pytest.raises(ModelError, match="no name of a network"):
            act(name, tmp_path)


def test_list_and_remove(tmp_path: Path) -> None:
    record(tmp_path / "mine", b"12345")
    (tmp_path / ".staging-leftover").mkdir()
    states = {each.name: each.state for each in catalog.list_networks(tmp_path)}
    assert states == {NAME: "missing", "mine": "installed"}
    assert catalog.remove("mine", tmp_path) >= 5
    assert "mine" not in {each.name for each in catalog.list_networks(tmp_path)}
    with pytest.raises(ModelError, match="not installed"):
        catalog.remove("mine", tmp_path)


def test_list_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert [each.state for each in catalog.list_networks(tmp_path / "nowhere")] == ["missing"]
