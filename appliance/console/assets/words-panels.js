// Words of the sound meter. Chinese and English, as in words.js.

export const PANEL_WORDS = {
  level_teacher: ["麦克风", "Microphone"],
  level_courseware: ["课件声音", "Courseware"],
  level_meter: ["音量（峰值）", "Loudness (peak)"],
  level_clipping: ["过载：请调低麦克风增益", "Clipping: turn the gain down"],
  level_silent: ["无声：麦克风是否静音或未接好？", "Silence: is it muted or unplugged?"],
  level_none: ["没有声音数据", "No sound is told of"],
};
