"""The library's book-keeping: limits while a file arrives, names that are only shown, order, restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.library import Library, LibrarySettings, NotThere, Unwelcome, language_of, refusal_text
from appliance.library.items import shown_name
from appliance.library.wording import known_codes
from pipelines.courseware.preparing.refusal import CODES


def library(folder: Path, **settings: int) -> Library:
    return Library(folder / "library", LibrarySettings(**settings), lambda: None)  # type: ignore[arg-type]


async def put(into: Library, name: str, content: bytes = b"x") -> str:
    incoming = await into.receive(name, len(content))
    await incoming.write(content)
    return (await incoming.commit()).item_id


async def test_what_is_added_is_found_again_after_a_restart(tmp_path: Path) -> None:
    first = library(tmp_path)
    fractions, plants = await put(first, "分数 Fractions.pdf"), await put(first, "Plants.pptx")
    assert [item.name for item in first.items()] == ["Plants.pptx", "分数 Fractions.pdf"]
    assert [item.item_id for item in first.items("fractions 分数")] == [fractions]
    first.rename(plants, "  Plants \u202e and\nanimals ")
    first.move(plants, 1)
    assert [item.name for item in library(tmp_path).items()] == ["分数 Fractions.pdf", "Plants and animals"]
    assert (tmp_path / "library").stat().st_mode & 0o077 == 0
    first.remove(plants)
    assert [item.item_id for item in library(tmp_path).items()] == [fractions]
    with pytest.raises(NotThere):
        first.item(plants)


async def test_a_file_that_grows_too_large_is_refused_as_it_arrives(tmp_path: Path) -> None:
    small = library(tmp_path, max_file_mb=1)
    with pytest.raises(Unwelcome) as declared:
        await small.receive("huge.pdf", 10**9)  # nothing is opened for it
    assert (declared.value.code, declared.value.limit) == ("too_large", 1)
    incoming = await small.receive("huge.pdf", None)
    with pytest.raises(Unwelcome):
        for _ in range(100):
            await incoming.write(bytes(100_000))
    incoming.abort()
    assert list((tmp_path / "library").iterdir()) == []
    assert small.used_bytes == 0


async def test_a_full_library_takes_nothing(tmp_path: Path) -> None:
    small = library(tmp_path, quota_mb=1)
    await put(small, "a", bytes(900_000))
    with pytest.raises(Unwelcome) as full:
        await put(small, "b", bytes(200_000))
    assert full.value.code == "quota"


async def test_an_upload_cut_off_leaves_nothing(tmp_path: Path) -> None:
    incoming = await library(tmp_path).receive("a.pdf", None)
    await incoming.write(b"half")
    assert [path.name[:5] for path in (tmp_path / "library").iterdir()] == [".new-"]
    assert library(tmp_path).items() == []  # as after a crash
    assert list((tmp_path / "library").iterdir()) == []
    incoming.abort()


def test_a_damaged_record_is_left_out(tmp_path: Path) -> None:
    for name, record in (("0" * 16, "{"), ("1" * 16, '{"item_id": "x"}'), ("evil", "{}")):
        (tmp_path / "library" / name).mkdir(parents=True)
        (tmp_path / "library" / name / "item.json").write_text(record)
    assert library(tmp_path).items() == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\课.pdf", "课.pdf"),
        ("a\0b\u200f", "ab"),
        ("\n", ""),
        ("x" * 500, "x" * 120),
    ],
)
def test_names_are_only_shown(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_every_refusal_has_its_sentence_in_both_languages() -> None:
    assert set(CODES) <= known_codes()
    for code in CODES:
        assert refusal_text(code, 7, "zh") != refusal_text(code, 7, "en")


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("zh", "en", "zh"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,zh;q=0.3", "en"),
        (None, "fr, zh;q=0.2", "zh"),
        (None, "zh;q=bad", "en"),
        (None, "", "en"),
    ],
)
def test_the_readers_language(asked: str | None, accepted: str, language: str) -> None:
    assert language_of(asked, accepted) == language
