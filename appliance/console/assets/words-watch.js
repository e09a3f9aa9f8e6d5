// Words of the viewer's page alone. Chinese and English, as in words.js.

export const WATCH_WORDS = {
  lens: ["放大镜（按 M 键）", "Magnifier (key M)"],
  zoom_reset: ["恢复整幅画面（按 0 键）", "Back to the whole picture (key 0)"],
  age: ["画面延迟（按 D 键）", "How old the picture is (key D)"],
  age_box: ["设备", "box"], age_way: ["网络", "network"], age_here: ["本机", "this screen"],
  second: ["秒", "s"],
};
