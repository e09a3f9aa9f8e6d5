// Words of the sound meter and of live courseware. Chinese and English, as in words.js.

export const PANEL_WORDS = {
  level_teacher: ["麦克风", "Microphone"],
  level_courseware: ["课件声音", "Courseware"],
  level_meter: ["音量（峰值）", "Loudness (peak)"],
  level_clipping: ["过载：请调低麦克风增益", "Clipping: turn the gain down"],
  level_silent: ["无声：麦克风是否静音或未接好？", "Silence: is it muted or unplugged?"],
  level_none: ["没有声音数据", "No sound is told of"],
  live_sources: ["设备的采集卡与屏幕", "Capture cards and screens of the box"],
  live_again: ["重新查找", "Look again"],
  live_screen: ["设备的屏幕", "Screen of the box"],
  live_none: ["设备上没有采集卡，也没有正在运行的桌面。请接好采集卡，然后点“重新查找”；或用下面的链接共享教师的电脑屏幕。", "The box has no capture card, and no desktop runs on it. Plug a card in and press Look again, or share the teacher's laptop screen by its link below."],
};
