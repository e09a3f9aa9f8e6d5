"""What requests are refused with: tokens, fields, sizes, and sessions of viewers and presenters."""

from __future__ import annotations

from typing import Final

ANSWERS: Final[dict[str, str]] = {
    "token_missing": "请附上令牌：Authorization: Bearer TOKEN。",
    "token_wrong": "令牌无效。",
    "tokens_wrong": "此地址发送的错误令牌太多，请稍候再试。",
    "token_presenters": "观看端的令牌只能观看：此操作需要投屏者的令牌。",
    "token_assistants": "此操作需要助教的令牌。",
    "body_late": "请求内容未在 {limit_s:.0f} 秒内到达。",
    "body_large": "此处最多接受 {most_kib} KiB。",
    "box_bug": "这是设备的程序错误，详情见设备日志。",
    "viewer_left": "此观看端已离开。",
    "signals_too_often": "信号太频繁，请稍候。",
    "sheets_first": "请先接收底图：GET /whep/VIEWER/sheets。",
    "offer_type": "请以 {type} 类型发送 SDP offer。",
    "box_stops": "设备正在停止。",
    "no_trickle": "不支持 Trickle ICE 和 ICE 重启：请先收集全部候选地址，或重新发送 offer。",
    "screen_ended": "此投屏已结束。",
    "field_wrong": "{where}：{wanted}",
    "field_missing": "缺少此项",
    "field_unknown": "没有此项",
    "field_json": "不是有效的 JSON",
    "field_choice": "应为以下之一：{choices}",
    "field_object": "应为对象",
    "field_list": "应为列表",
    "field_above": "应大于 {gt}",
    "field_least": "应不小于 {ge}",
    "field_below": "应小于 {lt}",
    "field_most": "应不大于 {le}",
    "field_integer": "应为整数",
    "field_number": "应为数字",
    "field_boolean": "应为 true 或 false",
    "field_text": "应为文本",
    "field_short": "至少 {least} 个字符",
    "field_long": "最多 {most} 个字符",
    "field_pattern": "应符合 {pattern}",
    "field_few": "至少 {least} 项",
    "field_many": "最多 {most} 项",
    "turn_one": "请给出 step 或 index 之一",
}
