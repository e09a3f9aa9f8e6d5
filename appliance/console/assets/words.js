// Chinese and English, side by side. data-t: text, data-t-label: accessible name, data-t-placeholder.

const WORDS = {
  title: ["双师课堂", "Dual-teacher classroom"],
  theme: ["切换深浅色", "Switch light and dark"],
  sound: ["声音", "Sound"],
  full_screen: ["全屏", "Full screen"],
  programme: ["节目画面", "Programme"],
  previous: ["上一页", "Previous"],
  next: ["下一页", "Next"],
  page: ["页码", "Page number"],
  keys: ["也可使用方向键或翻页笔。", "Arrow keys and page-turning pointers work too."],
  layout: ["画面布局", "Layout"],
  aligned: ["指点对位", "In front"],
  corner_layout: ["角落", "In a corner"],
  courseware_layout: ["仅课件", "Page only"],
  camera: ["仅摄像机", "Camera"],
  slate: ["提示板", "Slate"],
  corner: ["位置", "Corner"],
  top_left: ["左上", "Top left"], top_right: ["右上", "Top right"],
  bottom_left: ["左下", "Bottom left"], bottom_right: ["右下", "Bottom right"],
  scale: ["大小", "Size"],
  opacity: ["不透明度", "Opacity"],
  mirror: ["左右镜像", "Mirror"],
  slate_text: ["提示板文字", "Text on the slate"],
  slate_example: ["课间休息，十点继续", "Break. We go on at ten"],
  show: ["显示", "Show"],
  courseware: ["课件", "Courseware"],
  courseware_hint: ["放入设备课件文件夹的文件会出现在这里。", "Files put into the box's courseware folder appear here."],
  demo: ["内置示例课", "Built-in lesson"],
  share: ["远端教室链接", "Link for remote classrooms"],
  share_hint: ["拿到链接即可观看，但不能操作。", "Whoever has this link can watch, and change nothing."],
  copy: ["复制", "Copy"],
  copied: ["链接已复制", "Link copied"],
  copy_by_hand: ["请手动复制选中的链接", "Copy the selected link by hand"],
  viewers: ["远端教室", "Remote classrooms"],
  no_viewers: ["还没有教室在观看。", "Nobody is watching yet."],
  unnamed: ["远端教室", "Remote classroom"],
  this_console: ["本控制台", "This console"],
  remove: ["移除", "Remove"],
  connected: ["已连接", "connected"], connecting: ["连接中", "connecting"],
  disconnected: ["无响应", "not answering"], closed: ["已离开", "gone"],
  loss: ["丢包", "loss"],
  status: ["运行状态", "Status"],
  fps: ["画面", "Programme"],
  net: ["抠像", "Matting"],
  delay: ["延迟", "Delay"],
  per_second: ["帧/秒", "fps"],
  hz: ["次/秒", "Hz"],
  ms: ["毫秒", "ms"],
  notices: ["通知", "Notices"],
  source_camera: ["摄像机", "Camera"], source_courseware: ["课件", "Courseware"], source_sound: ["声音", "Sound"],
  source_live: ["正常", "live"], source_starting: ["启动中", "starting"],
  source_lost: ["中断", "lost"], source_ended: ["已结束", "ended"],
  state_live: ["直播中", "Live"], state_starting: ["正在启动", "Starting"],
  state_restarting: ["正在恢复", "Coming back"], state_stopped: ["已停止", "Stopped"],
  state_slate: ["等待画面", "Waiting for the picture"],
  state_away: ["与设备断开", "Box not reachable"],
  unlock: ["点击开启声音", "Tap to hear the teacher"],
  joining: ["正在进入课堂…", "Joining the lesson…"],
  again: ["正在重新连接…", "Connecting again…"],
  again_reason: ["网络中断或设备正在重启，画面会自动恢复。", "The network or the box was interrupted. The picture returns by itself."],
  full: ["教室已满", "The lesson is full"],
  full_reason: ["有人离开后会自动进入。", "You will join by yourself as soon as a place is free."],
  refused: ["链接已失效", "This link is no longer valid"],
  refused_reason: ["请向课堂助教索取新的链接。", "Please ask the classroom's assistant for a new one."],
  no_token: ["请使用完整链接打开", "Please open this page with its full link"],
  no_token_reason: ["链接由设备启动时显示，末尾带有密钥。", "The box shows the link when it starts. Its end holds the key."],
  no_webrtc: ["此浏览器无法播放", "This browser cannot play the lesson"],
  no_webrtc_reason: ["请使用新版 Chrome、Edge、Firefox 或 Safari。", "Please use a recent Chrome, Edge, Firefox or Safari."],
  failed: ["操作未成功", "That did not work"],
  busy: ["画面正在启动，请稍候再试", "The studio is starting. Try again in a moment"],
};

const stored = () => { try { return localStorage.getItem("language"); } catch { return null; } };
let language = stored() ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
const listeners = [];

/** The word in the language chosen; an unknown key is shown as it is. */
export const t = (key) => WORDS[key]?.[language === "zh" ? 0 : 1] ?? key;

export function onLanguage(listener) { listeners.push(listener); }

/** Fills the page and keeps the button that switches the language. */
export function startWords(button) {
  button.addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    try { localStorage.setItem("language", language); } catch { /* private window: for this page only */ }
    fill(button);
  });
  fill(button);
}

function fill(button) {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  button.textContent = language === "zh" ? "English" : "中文";
  button.lang = language === "zh" ? "en" : "zh-CN";
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
    node.title = t(node.dataset.tLabel);
  }
  for (const node of document.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
  for (const listener of listeners) listener();
}
