/**
 * The language of the page: Chinese and English, equal, switchable at any time.
 *
 * English words stand in the components (`msg`); the Chinese ones are in xliff/zh-Hans.xlf, from which
 * `npm run localize` makes generated/. A test fails when one is missing.
 */
import { configureLocalization } from "@lit/localize";
import "@awesome.me/webawesome/dist/translations/zh-cn.js";
import { sourceLocale, targetLocales } from "./generated/locale-codes.ts";
import * as chinese from "./generated/zh-Hans.ts";

export interface Language {
  readonly code: string;
  /** Its name in itself. */
  readonly name: string;
  /** For `lang`: what fonts, screen readers and dates go by. */
  readonly tag: string;
}

const ENGLISH: Language = { code: "en", name: "English", tag: "en" };
const CHINESE: Language = { code: "zh-Hans", name: "中文", tag: "zh-CN" };

/** The one choice that is kept beyond the tab: a ward speaks one language. */
const KEY = "telepresence.language";

const { getLocale, setLocale } = configureLocalization({
  sourceLocale,
  targetLocales,
  loadLocale: () => Promise.resolve(chinese),
});

export const language = (): Language => (getLocale() === CHINESE.code ? CHINESE : ENGLISH);
export const otherLanguage = (): Language => (language() === CHINESE ? ENGLISH : CHINESE);

export async function setLanguage(wanted: Language): Promise<void> {
  localStorage.setItem(KEY, wanted.code);
  await apply(wanted);
}

/** The language chosen before, or the browser's. */
export async function startLanguage(): Promise<void> {
  const kept = localStorage.getItem(KEY);
  const wanted = kept ?? (navigator.language.toLowerCase().startsWith("zh") ? CHINESE.code : ENGLISH.code);
  await apply(wanted === CHINESE.code ? CHINESE : ENGLISH);
}

async function apply(wanted: Language): Promise<void> {
  await setLocale(wanted.code);
  document.documentElement.lang = wanted.tag;
}
