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
    "AnswerTimedOut",
    "SourceLost",
    "BadCaptions",
    "BadOffer",
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
    "_on_fault",
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
# What a reason is called on its way there. The console has words of its own for what `publishing` meets.
REASONS = {"FULL", "fault", "_fault", "_lost", "reason", "_reason", "waiting", "why"}


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for folder in ("pipelines", "appliance"):
        for path in sorted((REPO / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = node.func
                    yield path, node, name.id if isinstance(name, ast.Name) else getattr(name, "attr", "")


def speaks(node: ast.expr) -> bool:
    """Is this a text of several words, or one that is filled in?"""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return isinstance(node, ast.JoinedStr) or (is_text and " " in str(node.value))


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
        plain += [f"{path.relative_to(REPO)}:{words.lineno}" for words in call.args if speaks(words)]
    assert plain == []


def test_no_reason_is_kept_in_english_alone() -> None:
    """`self.fault = "..."`, to be told later."""
    plain = []
    for folder in ("pipelines", "appliance"):
        for path in sorted((REPO / folder).rglob("*.py")):
            if FOLDERS_ELSEWHERE & set(path.parts) or "publishing" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                    continue
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = {ast.unparse(target).rpartition(".")[2] for target in targets}
                if names & REASONS and speaks(node.value):
                    plain.append(f"{path.relative_to(REPO)}:{node.lineno}")
    assert plain == []


def test_who_is_repeated_by_the_api_is_a_speaker() -> None:
    """`except X as error: raise HTTPException(..., error.reason)`: then X must know what it says."""
    repeated: set[str] = set()
    for path in sorted((REPO / "appliance" / "api").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and node.name and node.type is not None:
                body = ast.unparse(ast.Module(node.body, []))
                if f"{node.name}.reason" in body or f"reason_of({node.name})" in body:
                    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                    repeated |= {ast.unparse(one) for one in caught}
    assert {"BadOffer", "CannotRecord"} <= repeated
    # TooManyViewers makes its own sentence. A ValueError is a fault of what was sent, or of the code.
    assert repeated - SPEAKERS <= {"TooManyViewers", "ValueError"}


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
