"""Findings for people, Chinese and English, with the mend beside each that is not well."""

from __future__ import annotations

from typing import Final

from appliance.health.findings import Finding
from appliance.library import Language
from appliance.wording import in_language

# name: (Chinese, English)
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "temperature": ("温度", "Temperature"),
    "memory": ("内存", "Memory"),
    "disk": ("磁盘", "Disk"),
    "gpu": ("显卡", "GPU"),
    "lan": ("网络", "Network"),
    "studio": ("演播进程", "Studio"),
    "speed": ("处理速度", "Speed"),
    "camera": ("摄像机", "Camera"),
    "microphone": ("麦克风", "Microphone"),
    "loudspeaker": ("扬声器", "Loudspeaker"),
    "lcd": ("LCD 大屏", "LCD"),
    "courseware": ("课件", "Courseware"),
    "calibration": ("标定", "Calibration"),
}

# (name, code): text, then what mends it where it is not well.
_Words = tuple[tuple[str, str], tuple[str, str]]
_WORDS: Final[dict[tuple[str, str], _Words]] = {
    ("temperature", "untold"): (("此设备不报告温度", "this machine tells no temperature"), ("", "")),
    ("temperature", "hot"): (
        ("{celsius} °C", "{celsius} °C"),
        ("清理风扇和通风口，远离阳光与暖气", "Clean fan and vents; away from sun and heating"),
    ),
    ("memory", "untold"): (("未知", "not told"), ("", "")),
    ("memory", "free"): (
        ("可用 {free_gb} / {whole_gb} GB", "{free_gb} of {whole_gb} GB free"),
        (
            "关闭此设备上的其他程序：ps aux --sort=-rss | head",
            "End other programs: ps aux --sort=-rss | head",
        ),
    ),
    ("disk", "free"): (
        ("可用 {free_gb} GB（{folder}）", "{free_gb} GB free at {folder}"),
        (
            "删除不用的课件；或：du -xh {folder} | sort -h | tail",
            "Delete unused courseware; or: du -xh {folder} | sort -h | tail",
        ),
    ),
    ("gpu", "none"): (
        ("无 NVIDIA 显卡，由处理器完成", "no NVIDIA GPU: the processor does it all"),
        ("", ""),
    ),
    ("gpu", "silent"): (
        ("驱动没有应答", "its driver does not answer"),
        (
            "重启设备；仍然如此则重装驱动：nvidia-smi",
            "Restart the box; if it stays so, mend the driver: nvidia-smi",
        ),
    ),
    ("gpu", "works"): (
        (
            "{gpu}，{celsius} °C，{busy} %，{used_gb} / {whole_gb} GB",
            "{gpu}, {celsius} °C, {busy} %, {used_gb} of {whole_gb} GB",
        ),
        ("清理显卡风扇和通风口", "Clean the GPU's fan and vents"),
    ),
    ("lan", "untold"): (("未知", "not told"), ("", "")),
    ("lan", "no_route"): (
        ("没有网络", "no network"),
        ("插好网线，或检查：ip route", "Plug the cable in, or look at: ip route"),
    ),
    ("lan", "no_cable"): (
        ("{interface} 的网线没有插好", "the cable of {interface} is out"),
        ("插好两端的网线，或换一根", "Plug both ends in, or take another cable"),
    ),
    ("lan", "up"): (("{interface} 已连接", "{interface} is up"), ("", "")),
    ("lan", "speed"): (
        ("{interface}，{mbits} Mbit/s", "{interface}, {mbits} Mbit/s"),
        ("换用千兆网线和交换机端口", "Take a gigabit cable and port"),
    ),
    ("studio", "away"): (
        ("未在运行：{reason}", "not running: {reason}"),
        (
            "稍等片刻；若不恢复：journalctl -u classroom",
            "Wait a moment; if it stays so: journalctl -u classroom",
        ),
    ),
    ("studio", "starting"): (
        ("正在准备", "getting ready"),
        (
            "稍等片刻；使用显卡时首次启动需几分钟",
            "Wait a moment; with a GPU the very first start takes minutes",
        ),
    ),
    ("studio", "works"): (("正常", "works"), ("", "")),
    ("studio", "restarted"): (
        ("曾重启 {times} 次", "was restarted {times} times"),
        (
            "原因见通知与日志：journalctl -u classroom",
            "The notices and the log say why: journalctl -u classroom",
        ),
    ),
    ("speed", "fast"): (
        (
            "{fps} 帧/秒，教师 {matte_hz} 次/秒（{provider}）",
            "{fps} pictures/s, the teacher new {matte_hz} times a second ({provider})",
        ),
        ("", ""),
    ),
    ("speed", "sluggish"): (
        (
            "教师每秒只更新 {matte_hz} 次（{provider}）",
            "the teacher moves only {matte_hz} times a second ({provider})",
        ),
        (
            "关闭此设备上的其他程序；设置更小的画面：camera.width_px、height_px；或使用显卡",
            "End other programs on this machine; set a smaller picture: camera.width_px, height_px; "
            "or give it a graphics card",
        ),
    ),
    ("speed", "slow"): (
        ("只有 {fps} 帧/秒，应为 {wanted}", "only {fps} pictures/s instead of {wanted}"),
        (
            "设置更小的画面：programme.width_px、height_px；或 encoding.sharp = false",
            "Set a smaller picture: programme.width_px, height_px; or encoding.sharp = false",
        ),
    ),
    ("camera", "lost"): (
        ("中断：{reason}", "lost: {reason}"),
        ("检查电源和连线；设备会自动重连", "Check its power and cable; the box tries again by itself"),
    ),
    ("camera", "complains"): (("{reason}", "{reason}"), ("按提示调整摄像机", "Set the camera as it says")),
    ("camera", "live"): (("正常", "works"), ("", "")),
    ("camera", "waits"): (("等待画面", "waiting for a picture"), ("", "")),
    ("microphone", "lost"): (
        ("中断：{reason}", "lost: {reason}"),
        ("检查麦克风的连线和电池", "Check the microphone's cable and battery"),
    ),
    ("microphone", "complains"): (
        ("{reason}", "{reason}"),
        ("检查静音开关与增益", "Check its mute switch and its gain"),
    ),
    ("microphone", "live"): (("正常", "works"), ("", "")),
    ("microphone", "waits"): (("等待声音", "waiting for sound"), ("", "")),
    ("loudspeaker", "lost"): (
        ("中断：{reason}", "lost: {reason}"),
        ("检查扬声器的连线，或在控制台播放远端声音", "Check its cable, or play remote rooms in the console"),
    ),
    ("loudspeaker", "complains"): (("{reason}", "{reason}"), ("检查扬声器", "Check the loudspeaker")),
    ("loudspeaker", "live"): (("正在播放", "playing"), ("", "")),
    ("loudspeaker", "waits"): (("无人发言", "nobody speaks"), ("", "")),
    ("lcd", "lost"): (
        ("没有画面：{reason}", "shows nothing: {reason}"),
        ("检查 LCD 的电源和连线；设备会自动重试", "Check its power and cable; the box tries again by itself"),
    ),
    ("lcd", "complains"): (("{reason}", "{reason}"), ("检查 LCD", "Check the LCD")),
    ("lcd", "live"): (("正常", "works"), ("", "")),
    ("lcd", "waits"): (("正在打开", "being opened"), ("", "")),
    ("courseware", "lost"): (
        ("无法显示：{reason}", "cannot be shown: {reason}"),
        ("打开另一份课件", "Open another one"),
    ),
    ("courseware", "complains"): (("{reason}", "{reason}"), ("重新打开课件", "Open the courseware again")),
    ("courseware", "live"): (("正常", "works"), ("", "")),
    ("courseware", "waits"): (("等待课件", "waiting for it"), ("", "")),
    ("calibration", "none"): (
        ("尚未标定：教师显示在角落", "not calibrated: the teacher stands in a corner"),
        ("按“标定”，约十秒", "Press Calibrate; it takes about ten seconds"),
    ),
    ("calibration", "moved"): (
        ("摄像机被碰动了 {px} 像素", "the camera was knocked by {px} pixels"),
        ("等三秒；若不恢复，请重新标定", "Wait three seconds; if it stays so, calibrate again"),
    ),
    ("calibration", "unwatched"): (
        ("有效，但当前页面无法核对", "in use; this page gives nothing to check it by"),
        ("", ""),
    ),
    ("calibration", "locked"): (("准确", "holds"), ("", "")),
}


def known() -> frozenset[tuple[str, str]]:
    """Every (name, code) that has words."""
    return frozenset(_WORDS)


def name_of(finding: Finding, language: Language) -> str:
    return _NAMES[finding.name][language == "en"]


def text_of(finding: Finding, language: Language) -> str:
    """How it is, in one line."""
    return _filled(_WORDS[finding.name, finding.code][0][language == "en"], finding, language)


def mend_of(finding: Finding, language: Language) -> str:
    """What to do; "" where all is well."""
    return (
        ""
        if finding.mark == "ok"
        else _filled(_WORDS[finding.name, finding.code][1][language == "en"], finding, language)
    )


def _filled(words: str, finding: Finding, language: Language) -> str:
    values = {
        name: in_language(value, language) if isinstance(value, str) else value
        for name, value in finding.values.items()
    }
    return words.format_map(values).strip().rstrip(":：").strip()
