// Chinese and English, side by side. data-t: text, data-t-label: accessible name, data-t-placeholder, data-t-alt.
import { DESK_WORDS } from "./words-desk.js";
import { PANEL_WORDS } from "./words-panels.js";
import { TALK_WORDS } from "./words-talk.js";
import { WATCH_WORDS } from "./words-watch.js";

const WORDS = {
  ...DESK_WORDS,
  ...PANEL_WORDS,
  ...TALK_WORDS,
  ...WATCH_WORDS,
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
  beside: ["左右并排", "Side by side"],
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
  layer_444: ["4:4:4 最清晰", "4:4:4, sharpest"],
  layer_420: ["4:2:0", "4:2:0"],
  layer_teacher: ["课件无损", "page lossless"],
  layer_low: ["低帧率", "few pictures a second"],
  layer_sound: ["仅声音", "sound only"],
  status: ["运行状态", "Status"],
  fps: ["画面", "Programme"],
  net: ["抠像", "Matting"], network: ["神经网络", "Network"],
  delay: ["延迟", "Delay"],
  per_second: ["帧/秒", "fps"],
  hz: ["次/秒", "Hz"],
  ms: ["毫秒", "ms"],
  notices: ["通知", "Notices"],
  state_live: ["直播中", "Live"], state_starting: ["正在启动", "Starting"],
  state_restarting: ["正在恢复", "Coming back"], state_stopped: ["已停止", "Stopped"],
  state_slate: ["等待画面", "Waiting for the picture"],
  state_away: ["与设备断开", "Box not reachable"],
  unlock: ["点击开启声音", "Tap to hear the teacher"],
  teacher_choices: ["老师画面", "The teacher's picture"],
  teacher_place: ["左右位置", "Place"],
  teacher_hide: ["隐藏老师", "Hide the teacher"],
  teacher_show: ["显示老师", "Show the teacher"],
  teacher_drag: ["可在画面中拖动老师。只影响本教室。", "Drag the teacher in the picture. This changes only this screen."],
  teacher_reset: ["恢复课堂布局", "As in the lesson"],
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
  share_screen: ["共享我的屏幕", "Share my screen"],
  stop_sharing: ["停止共享", "Stop sharing"],
  with_sound: ["同时共享声音", "Share the sound too"],
  share_ready: ["把这台电脑的屏幕送到课堂", "Show this computer's screen in the lesson"],
  share_ready_reason: ["点击按钮，选择屏幕或窗口。停止后，课堂自动回到原来的课件。", "Press the button and choose a screen or a window. When you stop, the lesson returns to its courseware."],
  share_joining: ["正在连接课堂…", "Connecting to the lesson…"],
  sharing: ["屏幕正在课堂中显示", "Your screen is shown in the lesson"],
  share_failed: ["未能共享", "Sharing did not work"],
  share_failed_reason: ["请确认电脑与设备在同一网络，然后重试。", "Check that this computer is in the box's network, and try again."],
  share_not_allowed: ["没有选择屏幕。", "No screen was chosen."],
  share_no_screen: ["浏览器没有给出屏幕，请再试。", "The browser gave no screen. Try again."],
  no_capture: ["此页面需要 https", "This page needs https"],
  no_capture_reason: ["浏览器只允许在 https 页面共享屏幕。请管理员在设备设置 http.certificate 与 http.key。", "Browsers share a screen only on https pages. Ask the operator to set http.certificate and http.key on the box."],
  add_courseware: ["上传课件", "Upload"],
  drop_here: ["把文件拖到这里，或点击上传", "Drop files here, or press Upload"],
  drop_kinds: ["PDF、PPT、Word、ODP、图片、视频（可带同名 VTT 字幕）、图片 ZIP", "PDF, PowerPoint, Word, ODP, pictures, video (with captions: VTT of the same name), ZIP of pictures"],
  search: ["搜索课件", "Search courseware"],
  open: ["打开", "Open"], opened: ["正在显示", "Shown"], rename: ["重命名", "Rename"], delete: ["删除", "Delete"],
  move_up: ["上移", "Move up"],
  delete_sure: ["确定删除这份课件？", "Delete this courseware?"],
  uploading: ["正在上传", "Uploading"], preparing: ["正在准备", "Preparing"], refused_item: ["不能显示", "Cannot be shown"],
  pages_unit: ["页", "pages"], film_unit: ["视频", "video"],
  film: ["视频播放", "The film"], film_play: ["播放", "Play"], film_pause: ["暂停", "Pause"], film_again: ["从头播放", "From the start"],
  film_at: ["播放位置（空格：播放或暂停）", "Where the film is (space: play or pause)"],
  on_box: ["设备上的其他课件", "Other courseware on the box"],
  no_items: ["还没有上传课件。", "Nothing has been uploaded yet."],
  file_too_large: ["文件太大", "The file is too large"],
  screen_shared: ["正在显示共享的屏幕", "A shared screen is shown"],
  teacher_laptop: ["教师电脑投屏", "Teacher's laptop screen"],
  teacher_laptop_hint: ["在教师电脑的浏览器打开此链接，即可共享屏幕、在课件上批注。拿到链接的人都可以。", "Open this link in the browser of the teacher's laptop to share its screen and to draw on the page. Whoever has it can."],
  needs_https: ["投屏需要 https：请设置 http.certificate。", "Sharing from another machine needs https: set http.certificate."],
  qr: ["二维码", "QR code"],
  page_strip: ["页面缩略图", "Pages"],
  recording: ["录制", "Recording"], recording_on: ["正在录制", "Recording"],
  record: ["开始录制", "Record"], record_stop: ["停止录制", "Stop recording"],
  recording_off: ["未录制", "Not recording"], recording_waiting: ["等待画面", "Waiting for a picture"],
  recording_hint: ["录制前请告知课堂中的每个人。文件只保存在本设备。", "Tell everybody in the room before you record. Files stay on the box."],
  recording_raw: ["正在录制原始输入（摄像头画面、课件、操作）", "Raw inputs are being recorded: camera, courseware, orders"], recording_raw_ended: ["原始录制已停止：", "The raw recording ended:"],
  raws: ["原始录制", "Raw recordings"], raws_hint: ["包含摄像头拍到的一切，占用空间大。在本设备上用 classroom replay FOLDER 重新生成。", "Everything the camera saw, and large. On the box, classroom replay FOLDER plays one again."],
  raw_delete_sure: ["确定删除这段原始录制？", "Delete this raw recording?"],
  recording_full: ["录制已停止：空间不足", "Recording ended: no room left"], recording_disk: ["录制已停止：磁盘故障", "Recording ended: the disk failed"],
  recording_delete_sure: ["确定删除这段录像？", "Delete this recording?"], recording_growing: ["正在写入", "being written"],
  download: ["下载", "Download"], downloading: ["正在下载", "Downloading"], minutes: ["分钟", "min"],
  destinations: ["转推服务器", "Other servers"],
  start: ["开始", "Start"], stop: ["停止", "Stop"],
  dest_stopped: ["已停止", "Stopped"], dest_connecting: ["正在连接", "Connecting"], dest_live: ["推送中", "Live"],
  dest_waiting: ["等待重试", "Tried again soon"],
  dest_token: ["无法读取密钥", "Its token cannot be read"], dest_unreachable: ["服务器无应答", "The server does not answer"],
  dest_unauthorized: ["密钥不被接受", "The server does not accept the token"], dest_not_found: ["地址不存在", "The server does not know the address"],
  dest_busy: ["服务器繁忙", "The server is busy"], dest_redirects: ["转向无效", "The server sends us on to nowhere"],
  dest_refused: ["服务器拒绝", "The server refuses"], dest_bad_answer: ["服务器应答无效", "The server's answer cannot be used"],
  dest_no_connection: ["媒体连接未建立", "No media path came up"], dest_lost: ["连接中断", "The connection broke"],
  dest_box: ["本设备无法发送", "This box could not send"],
  failed: ["操作未成功", "That did not work"],
  busy: ["画面正在启动，请稍候再试", "The studio is starting. Try again in a moment"],
};

const stored = () => { try { return localStorage.getItem("language"); } catch { return null; } };
let language = stored() ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
const listeners = [];

/** "zh" or "en", as chosen. */
export const chosenLanguage = () => language;

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
  for (const node of document.querySelectorAll("[data-t-alt]")) node.alt = t(node.dataset.tAlt);
  for (const listener of listeners) listener();
}
