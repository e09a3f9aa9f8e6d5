"""What went wrong with a courseware, in the reader's language."""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["zh", "en"]

# code: Chinese, English. {limit}: the number that the code speaks of.
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "empty": ("文件是空的。请重新复制后再上传。", "The file is empty. Copy it again from where it came."),
    "unknown": (
        "无法识别这种文件。请上传 PDF、PPT、Word、ODP、图片、视频或图片压缩包(ZIP)。",
        "This kind of file cannot be shown. Upload a PDF, PowerPoint, Word, ODP, a picture, a video or "
        "a ZIP of pictures.",
    ),
    "too_large": (
        "文件太大，上限为 {limit} MB。请压缩图片后另存，或拆成几份。",
        "The file is too large: at most {limit} MB. Save it with smaller pictures, or split it.",
    ),
    "quota": (
        "课件库已满(上限 {limit} MB)。请先删除不用的课件。",
        "The library is full ({limit} MB). Delete courseware that is no longer needed.",
    ),
    "disk_full": (
        "设备磁盘空间不足。请删除不用的课件。",
        "The box's disk is nearly full. Delete courseware that is no longer needed.",
    ),
    "too_many_items": (
        "课件库最多 {limit} 份课件。请先删除不用的课件。",
        "The library holds at most {limit} files. Delete some first.",
    ),
    "locked": (
        "文件有密码保护。请去掉密码另存后再上传。",
        "The file is locked with a password. Save it without the password and upload that.",
    ),
    "damaged": (
        "文件已损坏，无法读取。请打开检查，另存后再上传。",
        "The file is damaged and cannot be read. Open it, save it again and upload that.",
    ),
    "too_many_pages": (
        "页数太多，上限为 {limit} 页。请拆成几份。",
        "There are too many pages: at most {limit}. Split the file.",
    ),
    "too_many_pixels": (
        "图片像素太多，上限为 {limit} 百万像素。请缩小后再上传。",
        "The picture has too many pixels: at most {limit} million. Save it smaller.",
    ),
    "too_much_output": (
        "转换后的内容太大。请压缩图片或拆成几份。",
        "What came out of the conversion is too large. Use smaller pictures, or split the file.",
    ),
    "takes_too_long": (
        "转换用时太长，已停止。请导出为 PDF 后再上传。",
        "The conversion took too long and was stopped. Export the file as PDF and upload that.",
    ),
    "too_much_memory": (
        "转换需要的内存太多，已停止。请导出为 PDF 后再上传。",
        "The conversion needed too much memory and was stopped. Export the file as PDF and upload that.",
    ),
    "no_converter": (
        "设备没有安装 LibreOffice，不能转换这种文件。请导出为 PDF 上传，或请管理员运行："
        "sudo apt-get install libreoffice-impress-nogui libreoffice-writer-nogui",
        "LibreOffice, which converts such files, is not installed on the box. Export the file as PDF, or ask "
        "the operator to run: sudo apt-get install libreoffice-impress-nogui libreoffice-writer-nogui",
    ),
    "not_converted": (
        "文件无法转换，可能已损坏或有密码。请导出为 PDF 后再上传。",
        "The file could not be converted: it may be damaged or locked. Export it as PDF and upload that.",
    ),
    "sound_only": (
        "文件只有声音，没有画面。请上传视频。",
        "The file holds sound but no picture. Upload a video.",
    ),
    "zip_bomb": (
        "压缩包解开后过大，已拒绝。请直接上传其中的图片，或换成小一些的压缩包。",
        "The ZIP would unpack into far too much and was refused. Upload the pictures themselves, or a "
        "smaller ZIP.",
    ),
    "zip_nested": (
        "压缩包里还有压缩包。请只放图片后再上传。",
        "The ZIP holds another archive. Put only pictures into it.",
    ),
    "zip_paths": (
        "压缩包里的文件路径不安全，已拒绝。请重新打包图片。",
        "The ZIP holds unsafe paths and was refused. Pack the pictures anew.",
    ),
    "zip_no_pictures": (
        "压缩包里没有图片。请放入 PNG、JPEG 或 WebP 图片。",
        "The ZIP holds no pictures. Put PNG, JPEG or WebP files into it.",
    ),
    "svg_active": (
        "SVG 含有脚本或动态内容，已拒绝。请导出为 PNG 或 PDF。",
        "The SVG holds scripts or other active content and was refused. Export it as PNG or PDF.",
    ),
    "svg_external": (
        "SVG 引用了外部文件，已拒绝。请把图片嵌入，或导出为 PNG。",
        "The SVG refers to other files and was refused. Embed its pictures, or export it as PNG.",
    ),
    "svg_damaged": (
        "SVG 已损坏。请另存或导出为 PNG。",
        "The SVG is damaged. Save it again, or export it as PNG.",
    ),
    "not_prepared": (
        "设备此刻无法处理这份课件，下次启动时会再试。",
        "The box could not prepare this file just now. It tries again when it is started next.",
    ),
    "interrupted": (
        "上传中断。请重新上传。",
        "The upload was interrupted. Upload the file again.",
    ),
}


def refusal_text(code: str, limit: int, language: Language) -> str:
    """The sentence for a refusal, with its mend."""
    chinese, english = _TEXTS.get(code, _TEXTS["damaged"])
    return (chinese if language == "zh" else english).format(limit=limit)


def known_codes() -> frozenset[str]:
    return frozenset(_TEXTS)


def language_of(asked: str | None, accept_language: str) -> Language:
    """asked: "zh" or "en" as the page says; else what Accept-Language (RFC 9110, 12.5.4) prefers."""
    if asked in ("zh", "en"):
        return "zh" if asked == "zh" else "en"
    best, best_weight = "en", 0.0
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.partition("q=")[2] or 1)
        except ValueError:
            weight = 0.0
        primary = tag.strip().lower().partition("-")[0]
        if primary in ("zh", "en") and weight > best_weight:
            best, best_weight = primary, weight
    return "zh" if best == "zh" else "en"
