// Words of the sound meter, live courseware and the wizard's live view. Chinese and English, as in words.js.

export const PANEL_WORDS = {
  level_teacher: ["麦克风", "Microphone"],
  level_courseware: ["课件声音", "Courseware"],
  level_meter: ["音量（峰值）", "Loudness (peak)"],
  level_clipping: ["过载：请调低麦克风增益", "Clipping: turn the gain down"],
  level_silent: ["无声：麦克风是否静音或未接好？", "Silence: is it muted or unplugged?"],
  level_none: ["没有声音数据", "No sound is told of"],
  shift: ["此刻偏差", "Off at this moment by"],
  shift_good: ["良好", "Good"], shift_fair: ["尚可", "Fair"], shift_bad: ["不好：请重新标定", "Bad: calibrate anew"], shift_unknown: ["此页无法核对", "Cannot be told on this page"],
  views: ["帧画面", "pictures"], residual: ["残差", "residual"],
  corner_page: ["按这四角投影的课件页", "The page, as these corners put it"],
  corner_page_shown: ["在画面上显示课件页", "Show the page over the picture"],
  corner_wrong: ["这四点不能构成屏幕：请按 1 左上、2 右上、3 右下、4 左下的顺序。", "These four are no screen's corners: 1 top left, 2 top right, 3 bottom right, 4 bottom left."],
  live_sources: ["设备的采集卡与屏幕", "Capture cards and screens of the box"],
  live_again: ["重新查找", "Look again"],
  live_screen: ["设备的屏幕", "Screen of the box"],
  live_none: ["设备上没有采集卡，也没有正在运行的桌面。请接好采集卡，然后点“重新查找”；或用下面的链接共享教师的电脑屏幕。", "The box has no capture card, and no desktop runs on it. Plug a card in and press Look again, or share the teacher's laptop screen by its link below."],
};
