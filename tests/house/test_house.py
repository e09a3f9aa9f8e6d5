"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "common", "base", "manager", "helpers", "helper", "misc"}


def tracked(pattern: str) -> list[Path]:
    """Files of the project (also ones not committed yet)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listed.stdout.splitlines() if (path := REPO / line).exists()]


PYTHON = tracked("*.py")
MARKDOWN = tracked("*.md")


def name_of(path: Path) -> str:
    return str(path.relative_to(REPO))


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_files_and_functions_fit_a_reader(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    assert not VAGUE_NAMES & set(path.stem.split("_"))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} at line {node.lineno}"


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_links_in_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), target


def test_the_chinese_readme_keeps_step() -> None:
    """Same sections, same commands, same pictures, in the same order."""

    def skeleton(path: Path) -> tuple[list[int], list[str], list[str]]:
        text = path.read_text(encoding="utf-8")
        fences = re.findall(r"```\w*\n(.*?)```", text, re.S)
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        headings = [len(level) for level in re.findall(r"^(#+) ", prose, re.M)]
        commands = [line.split("#")[0].strip() for fence in fences for line in fence.splitlines()]
        return headings, commands, re.findall(r"!\[[^\]]*\]\(([^)]+)\)", prose)

    assert skeleton(REPO / "README.md") == skeleton(REPO / "README.zh-CN.md")


def test_every_markdown_table_row_has_its_columns() -> None:
    for path in MARKDOWN:
        rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
        assert all(row.rstrip().endswith("|") for row in rows), name_of(path)


def test_choices_are_numbered_on_and_referred_to_by_numbers_that_exist() -> None:
    """A choice that is merged twice, or loses its end, shows by its number or by its last line."""
    choices = (REPO / "docs" / "why.md").read_text(encoding="utf-8").split("\n\n", 2)[2]
    items = re.split(r"^(?=\d+\. )", choices, flags=re.M)[1:]
    assert [int(item.split(".")[0]) for item in items] == list(range(1, len(items) + 1))
    titles = [re.findall(r"\*\*(.+?)\*\*", item)[0] for item in items]
    assert len(set(titles)) == len(titles)
    assert [item for item in items if not item.rstrip().endswith((".", ")"))] == []
    named = re.findall(r"\((\d{1,3})\)", choices)
    for path in PYTHON + MARKDOWN:
        named += re.findall(r"\bwhy (\d+)\b", path.read_text(encoding="utf-8"))
    assert {int(number) for number in named} <= set(range(1, len(items) + 1))


def test_the_gateway_is_light() -> None:
    """Compiled loops, networks and picture processing are the studio's: the gateway starts without them."""
    heavy = ("numba", "cv2", "onnxruntime", "scipy", "pypdfium2", "torch")
    told = f"import sys, appliance.daemon; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", told], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"
