"""Every sentence that the console can show is Chinese, too: found in the code, so that none is forgotten."""

from __future__ import annotations

import ast
import multiprocessing
import os
import pickle
import string
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from appliance.notices import Notices
from appliance.studio_child import _run_entry
from appliance.wording import CHINESE, in_language
from pipelines.calibration.report import found, sentence
from pipelines.saying import Said, after_each_other, both, from_json, learn, reason_of, renamed, said, to_json

REPO = Path(__file__).parents[2]
# What people in the console read: a reason in one of these calls must know what it says.
SPEAKERS = {
    "SourceLost",
    "BlockedLogin",
    "BadPage",
    "BadScreenOffer",
    "CalibrationDamaged",
    "CalibrationRefused",
    "CannotRecord",
    "CannotStore",
    "HTTPException",
    "NotMeasured",
    "TooMuchInk",
    "Unsolvable",
    "_WorkerEnded",
    "_lost",
    "_notify",
    "_refusal",
    "notify",
    "problem",
    "refusal",
    "refused",
}
# Read by programs and by whoever sets the box up, not in the console.
ELSEWHERE = {"tokens.py", "calibration_session.py"}
# A simulated classroom is not what anybody teaches in.
FOLDERS_ELSEWHERE = {"simulated", "bench", "evaluation", "commands"}


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for folder in ("pipelines", "appliance"):
        for path in sorted((REPO / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = node.func
                    yield path, node, name.id if isinstance(name, ast.Name) else getattr(name, "attr", "")


def sentences() -> list[tuple[str, str, Path]]:
    """Code, English and file of every `said(...)`."""
    told = []
    for path, call, name in calls():
        if name == "said" and path.name != "saying.py":
            code, english = call.args[0], call.args[1]
            assert isinstance(code, ast.Constant) and isinstance(english, ast.Constant), (
                f"{path}: {call.lineno}"
            )
            told.append((str(code.value), str(english.value), path))
    return told


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_sentence_is_chinese_with_the_same_values() -> None:
    told = sentences()
    assert len(told) > 150
    english: dict[str, str] = {}
    for code, words, path in told:
        assert code in CHINESE, f"{path}: {code!r} has no Chinese: appliance/wording/"
        assert names_in(CHINESE[code]) <= names_in(words), f"{code}: a value that is not given"
        assert english.setdefault(code, words) == words, f"{code} says two things"
    assert set(CHINESE) == set(english), "Chinese for what nobody says"


def test_nobody_speaks_english_alone() -> None:
    """A reason that is a plain string, or an f-string, would reach the console without Chinese."""
    plain = []
    for path, call, name in calls():
        if name not in SPEAKERS or path.name in ELSEWHERE or FOLDERS_ELSEWHERE & set(path.parts):
            continue
        for argument in call.args:
            is_words = isinstance(argument, ast.JoinedStr) or (
                isinstance(argument, ast.Constant)
                and isinstance(argument.value, str)
                and " " in argument.value
            )
            if is_words:
                plain.append(f"{path.relative_to(REPO)}:{argument.lineno}")
    assert plain == []


def test_a_sentence_keeps_what_it_knows() -> None:
    why = said("knock_failed", "cannot be reached ({why})", why="no route")
    whole = said("host_unreachable", "{label} {reason}: {port}", label="cam", reason=why, port=554)
    sent = pickle.loads(pickle.dumps(whole))  # as over the pipe to the gateway
    assert sent == "cam cannot be reached (no route): 554"
    assert in_language(sent, "en") == str(whole)
    assert "无法到达（no route）" in in_language(sent, "zh") and "554" in in_language(sent, "zh")
    over_json = from_json(to_json({"reason": whole}))["reason"]
    assert isinstance(over_json, Said) and in_language(over_json, "zh") == in_language(whole, "zh")
    assert "摄像机" in in_language(renamed(whole, "cam", "摄像机一"), "zh")
    assert reason_of(ValueError(whole)) is whole and reason_of(KeyError(7)) == "7"
    one_text = after_each_other("", said("no_page", "There is no page."), said("step_solving", "solving"))
    assert in_language(one_text, "zh") == "没有课件页。正在计算"
    assert in_language("a disk's own words", "zh") == "a disk's own words"


def test_pictures_say_both() -> None:
    sentence = said("no_page", "There is no page.")
    assert both(sentence) == "There is no page.", "nobody has taught this process"
    learn(CHINESE)
    try:
        assert both(sentence) == "没有课件页。\nThere is no page."
        assert both("a disk's own words") == "a disk's own words" and both("") == ""
    finally:
        learn({})


def tell_both(_settings: object, _zero_ns: int, connection: Connection) -> None:
    connection.send(both(said("no_page", "There is no page.")))


def test_the_studios_process_knows_chinese() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    entry = "test_saying:tell_both"
    child = context.Process(target=_run_entry, args=(entry, None, 0, theirs, os.getpid()))
    child.start()
    assert ours.poll(60) and ours.recv() == "没有课件页。\nThere is no page."
    child.join(60)
    assert child.exitcode == 0


def test_findings_and_notices_speak_both() -> None:
    finding = found(
        "refused",
        said("blur", "blur {blur_px:.1f} px", blur_px=3.21),
        said("move_one", "move {move}", move=said("upwards", "{along:.0f} degrees up", along=4)),
    )
    again = type(finding).model_validate_json(finding.model_dump_json())
    assert (
        in_language(sentence(again), "zh")
        == "模糊 3.2 像素：请把摄像机放在 LCD 正中前方：面向 LCD，向上 4 度移动。"
    )
    notices = Notices()
    notices.add(said("recording_resumed", "The box was interrupted while recording: the recording goes on."))
    (notice,) = notices
    assert notice.text_zh == "录制时设备中断：现已继续录制。" and notice.text.startswith("The box")


def test_chinese_can_be_filled() -> None:
    """Formats of numbers want numbers."""
    for code, english, _ in sentences():
        values: dict[str, str | int | float] = {}
        for _, name, spec, _ in string.Formatter().parse(english):
            if name:
                values[name] = 1.5 if spec else "x"
        chinese = in_language(Said(english.format_map(values), code, values), "zh")
        assert "{" not in chinese, code
