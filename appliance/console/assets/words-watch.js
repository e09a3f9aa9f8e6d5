// Words of the viewer's page alone. Chinese and English, as in words.js.

export const WATCH_WORDS = {
  lens: ["放大镜（按 M 键）", "Magnifier (key M)"],
  zoom_reset: ["恢复整幅画面（按 0 键）", "Back to the whole picture (key 0)"],
  age: ["画面延迟（按 D 键）", "How old the picture is (key D)"],
  age_box: ["设备", "box"], age_way: ["网络", "network"], age_here: ["本机", "this screen"],
  second: ["秒", "s"],
  since: ["从 {time} 起", "Since {time}"],
  revoked: ["链接已失效", "This link is no longer valid"],
  revoked_reason: ["本机已忘记这个链接。请向课堂助教索取新的链接。", "This screen has forgotten it. Please ask the classroom's assistant for a new one."],
  forgotten: ["本机已忘记教室链接", "This screen has forgotten its link"],
  forgotten_reason: ["请用教室的完整链接打开本页。", "Open this page with the room's full link to watch again."],
  offline: ["本机没有网络", "This screen has no network"],
  offline_reason: ["请检查网线或无线网络，画面会自动恢复。", "Check its cable or wireless network. The picture returns by itself."],
  hold_paused: ["课堂暂停", "The lesson is paused"],
  hold_paused_reason: ["请稍候，课堂会自动继续。", "Please wait. It goes on by itself."],
  hold_slate: ["课堂暂停", "The lesson is paused"],
  hold_slate_reason: ["请稍候，课堂会自动继续。", "Please wait. It goes on by itself."],
  hold_starting: ["课堂即将开始", "The lesson is about to begin"],
  hold_starting_reason: ["主讲教室的设备正在启动。", "The main classroom's box is starting."],
  hold_restarting: ["画面正在恢复", "The picture is coming back"],
  hold_restarting_reason: ["主讲教室的设备正在重新取得画面，请稍候。", "The main classroom's box is getting its picture again. Please wait."],
};
