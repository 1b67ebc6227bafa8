// Words and numbers in the reader's language. `words` is shared by every part of the page.
import { reactive } from "vue";

const REMEMBERED = "cobuild.language";
const LOCALE = { zh: "zh-CN", en: "en-GB" };

export const words = reactive({ language: "zh", texts: { zh: {}, en: {} }, names: { items: {}, categories: {} } });

/** The language asked for by ?lang=, else the remembered one, else `usual`. */
export function preferredLanguage(usual) {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked in LOCALE) return asked;
  try {
    const remembered = localStorage.getItem(REMEMBERED);
    return remembered in LOCALE ? remembered : usual;
  } catch {
    return usual; // storage is barred; the page works without it
  }
}

export function speak(language) {
  words.language = language;
  document.documentElement.lang = LOCALE[language];
  document.title = t("title");
}

export function remember(language) {
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // storage is barred: the choice lasts as long as the page
  }
}

export function t(key, values = {}) {
  const text = words.texts[words.language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Several words in one text, as the reader's language strings them together. */
export const listed = (several) => several.join(words.language === "zh" ? "、" : ", ");

const named = (names, id) => names[id]?.[words.language === "zh" ? 0 : 1] ?? id;
const capital = (name) => name.charAt(0).toUpperCase() + name.slice(1);
export const itemName = (id) => capital(named(words.names.items, id));
export const categoryName = (id) => capital(named(words.names.categories, id));

export function providerName(provider) {
  if (provider.name) return provider.name;
  return t(provider.kind, { ref: provider.ref });
}

/** What a team of lines is, in a sentence. */
export const teamSaid = ({ lines, seats }) =>
  t(lines.length > 1 ? "bundle_of" : "team_of", { lines: number(lines.length), seats: number(seats) });

export const number = (value) => (value == null ? "–" : value.toLocaleString(LOCALE[words.language]));
export const signed = (value) => (value > 0 ? "+" : value < 0 ? "−" : "") + number(Math.abs(value));
export const percent = (share) => (share == null ? "–" : `${(share * 100).toFixed(share >= 0.9995 ? 0 : 1)}%`);

const UNITS = { zh: [" 天", " 小时", " 分", " 秒"], en: [" d", " h", " min", " s"] };

/**
 * Seconds as people say them, with at most two units: "2 d 3 h", "12 min".
 * `exact` keeps seconds below ten minutes; `brief` says the largest unit only.
 */
export function duration(seconds, { exact = false, brief = false } = {}) {
  if (seconds == null) return "–";
  const [days, hours, minutes, secs] = UNITS[words.language];
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return s + secs;
  const two = (big, bigUnit, small, smallUnit) => big + bigUnit + (small && !brief ? " " + small + smallUnit : "");
  if (exact && s < 600) return two(Math.floor(s / 60), minutes, s % 60, secs);
  if (s < 3600) return Math.floor(s / 60) + minutes;
  if (s < 86400) return two(Math.floor(s / 3600), hours, Math.floor((s % 3600) / 60), minutes);
  return two(Math.floor(s / 86400), days, Math.floor((s % 86400) / 3600), hours);
}

const format = (ms, options) =>
  ms == null ? "–" : new Intl.DateTimeFormat(LOCALE[words.language], { hourCycle: "h23", ...options }).format(ms);
export const clock = (ms) => format(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const minute = (ms) => format(ms, { hour: "2-digit", minute: "2-digit" });
export const moment = (ms) =>
  format(ms, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const day = (ms) => format(ms, { month: "numeric", day: "numeric" });
export const span = (from, to) =>
  `${format(from, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" })} – ` +
  (new Date(from).toDateString() === new Date(to).toDateString()
    ? minute(to)
    : format(to, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }));

/** What every component's template may say. */
export const speech = {
  methods: { t, itemName, categoryName, providerName, teamSaid, listed, number, signed, percent, duration, clock, minute, moment, day, span },
};
