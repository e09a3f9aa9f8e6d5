"""Settings: sources on top of each other, and errors that name the place and the mend."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from appliance.__main__ import main
from appliance.commands.settings import annotated_toml, effective
from appliance.settings import Settings, SettingsError, load
from appliance.settings.wording import fields, redacted

ROOT = Path(__file__).parents[2]


def from_toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "appliance.toml"
    path.write_text(text)
    return path


def test_flags_win_over_the_environment_over_the_file(tmp_path: Path) -> None:
    file = from_toml(tmp_path, '[camera]\nurl = "a.mp4"\nrate_hz = 10\n[http]\nport = 1\n')
    environment = {"CLASSROOM_CAMERA_URL": "b.mp4", "CLASSROOM_HTTP_PORT": "2"}
    loaded = load(file, environment, [("--camera", "camera.url", "c.mp4")])
    assert loaded.settings.camera.url == "c.mp4"
    assert loaded.settings.http.port == 2
    assert loaded.settings.camera.rate_hz == 10
    assert loaded.origin("camera", "url") == "--camera"
    assert loaded.origin("http", "port") == "$CLASSROOM_HTTP_PORT"
    assert loaded.origin("camera", "rate_hz") == f"{file} line 3"
    assert loaded.origin("camera", "width_px") == "default"


def test_the_file_of_the_environment(tmp_path: Path) -> None:
    file = from_toml(tmp_path, "[http]\nport = 9\n")
    assert load(None, {"CLASSROOM_CONFIG": str(file)}).settings.http.port == 9


def test_lists_from_the_environment() -> None:
    environment = {"CLASSROOM_CALIBRATION_CORNERS": "[[1,2],[3,4],[5,6],[7,8]]"}
    corners = load(None, environment).settings.calibration.corners
    assert corners == ((1, 2), (3, 4), (5, 6), (7, 8))


@pytest.mark.parametrize(
    ("toml", "key", "line", "said"),
    [
        ("[camera]\nrate_hz = 100", "camera.rate_hz = 100", 2, "a number from 1 to 60"),
        ("\n[camera]\n\nwidht_px = 3", "camera.widht_px = 3", 4, "Did you mean width_px?"),
        ('[programme]\nlayout = "aligend"', 'programme.layout = "aligend"', 2, '"aligned", "corner"'),
        ("[programme]\nwidth_px = 641", "programme.width_px = 641", 2, "a multiple of 2"),
        ("[camra]\nurl = 'x'", "[camra]", 1, "Did you mean [camera]?"),
        ("port = 80", "port = 80", 1, "port belongs in [http]"),
        ("camera.url = 3", "camera.url = 3", 1, "a text in quotes"),
        ("[http]\ncertificate = 'a.pem'", "[http]", 2, "belong together"),
        ("[network]\ncpu_fallback = 'perhaps'", 'network.cpu_fallback = "perhaps"', 2, "true or false"),
        ("[calibration]\ncorners = [[1,2]]", "calibration.corners = [[1, 2]]", 2, "4 points"),
        ("[sound]\nsource = 'alsa:'", 'sound.source = "alsa:"', 2, "needs a device"),
    ],
)
def test_a_fault_in_the_file(tmp_path: Path, toml: str, key: str, line: int, said: str) -> None:
    file = from_toml(tmp_path, toml)
    with pytest.raises(SettingsError) as caught:
        load(file, {})
    text = str(caught.value)
    assert key in text
    assert f"{file} line {line}\n" in text
    assert said in text


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[camera\n", "line 1"), (b"[camera]\nurl = '\xff'\n", "line 2"), (None, "No such file")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "appliance.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        load(path, {})


def test_all_faults_at_once(tmp_path: Path) -> None:
    file = from_toml(tmp_path, "[camera]\nrate_hz = 100\n[nonsense]\n")
    environment = {"CLASSROOM_CAMRA_URL": "x", "CLASSROOM_HTTP_PORT": "many"}
    with pytest.raises(SettingsError) as caught:
        load(file, environment, [("--set", "http", "1")])
    keys = {fault.key for fault in caught.value.faults}
    assert keys == {"camera.rate_hz", "[nonsense]", "CLASSROOM_CAMRA_URL", "http.port", "http"}


def test_a_variable_of_somebody_else_is_left_alone() -> None:
    assert load(None, {"CLASSROOM_PORT": "tcp://10.0.0.1:80"}).values == {}


def test_passwords_are_never_shown(tmp_path: Path) -> None:
    url = "rtsp://user:s3cret@10.0.0.5/stream"
    lines = "\n".join(effective(load(None, {"CLASSROOM_CAMERA_URL": url})))
    assert "rtsp://user:***@10.0.0.5/stream" in lines
    assert "s3cret" not in lines
    file = from_toml(tmp_path, f'[camera]\nulr = "{url}"\n')
    with pytest.raises(SettingsError) as caught:
        load(file, {})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rtsp://user:p@ss@host/x", "rtsp://user:***@host/x"),
        ("rtsp://host:554/x", "rtsp://host:554/x"),
        ("simulated:", "simulated:"),
    ],
)
def test_redacted(url: str, expected: str) -> None:
    assert redacted(url) == expected


def test_every_setting_says_what_it_is() -> None:
    assert [f"{section}.{key}" for section, key, field in fields() if not field.description] == []


def test_the_annotated_file_is_the_one_delivered() -> None:
    delivered = (ROOT / "deploy" / "appliance.toml").read_text()
    assert delivered == annotated_toml(), "renew it: classroom settings --toml > deploy/appliance.toml"


def test_the_annotated_file_holds_the_defaults(tmp_path: Path) -> None:
    """With every # before a key taken away, it says what the code says."""
    lines = []
    for line in annotated_toml().splitlines():
        key, equals, value = line.removeprefix("# ").partition(" = ")
        is_key = bool(equals) and key.isidentifier() and value != "[...]"
        lines.append(f"{key} = {value}" if is_key else line)
    file = from_toml(tmp_path, "\n".join(lines))
    assert load(file, {}).settings == Settings()
    keys = sum(len(table) for table in tomllib.loads(file.read_text()).values())
    assert keys == sum(1 for _ in fields()) - 1  # calibration.corners has no default


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--set", "http.port=9", "--layout", "corner"]) == 0
    shown = capsys.readouterr().out
    assert "--set http.port" in shown
    assert main(["settings", "--set", "http.prot=9"]) == 78
    assert "Did you mean port?" in capsys.readouterr().err
    assert main([]) == 0
    assert "classroom run --camera /dev/video0" in capsys.readouterr().out
