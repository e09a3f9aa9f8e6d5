// A time as people here write it.

/** ms: since 1970. language: "zh" or "en". The day stands with it where it is not today. */
export function clock(ms, language) {
  const locale = navigator.languages.find((one) => one.startsWith(language)) ?? (language === "zh" ? "zh-CN" : "en-GB");
  const then = new Date(ms);
  const isToday = then.toDateString() === new Date().toDateString();
  return then.toLocaleString(locale, { hour: "numeric", minute: "2-digit", ...(!isToday && { month: "short", day: "numeric" }) });
}
