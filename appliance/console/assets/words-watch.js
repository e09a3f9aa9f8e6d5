// Words of the viewer's page alone. Chinese and English, as in words.js.

export const WATCH_WORDS = {
  lens: ["放大镜（按 M 键）", "Magnifier (key M)"],
  zoom_reset: ["恢复整幅画面（按 0 键）", "Back to the whole picture (key 0)"],
};
