/** The page's words, in the language that was chosen; and a pseudo-locale that shows what does not turn around. */

import en from "./messages/en.json";
import zh from "./messages/zh.json";
import alike from "./messages/alike.json";
import codesEn from "./messages/codes.en.json";
import codesZh from "./messages/codes.zh.json";
import pageEn from "../../../../ledger/services/render/messages/en.json";
import pageZh from "../../../../ledger/services/render/messages/zh.json";
import rulesEn from "../../../../ledger/services/render/messages/rules.en.json";
import rulesZh from "../../../../ledger/services/render/messages/rules.zh.json";

export type Key = keyof typeof en;
type RulesKey = keyof typeof rulesEn;
type Words = Readonly<Record<string, string>>;

interface Language {
  readonly name: string;
  readonly dir: "ltr" | "rtl";
  readonly words: Words;
  readonly codes: Words;
  /** Of the page of a certificate: it tells premises, and what was not checked, in the same words. */
  readonly page: Words;
  /** Of a report for courts, in which decisions are told in the same words. */
  readonly rules: Words;
}

/** The bidirectional pseudo-locale of CLDR: English between marks that turn it around. */
export const PSEUDO = "ar-XB";

function turned(words: Words): Words {
  const inside = (word: string): string => `\u202e${word}\u202c`;
  return Object.fromEntries(
    Object.entries(words).map(([key, text]) => [key, text.replace(/[\p{L}]+(?![^{]*\})/gu, inside)]),
  );
}

const english = (): Language => ({
  name: "English",
  dir: "ltr",
  words: en,
  codes: codesEn,
  page: pageEn,
  rules: rulesEn,
});

const LANGUAGES: Readonly<Record<string, () => Language>> = {
  en: english,
  zh: () => ({ name: "中文", dir: "ltr", words: zh, codes: codesZh, page: pageZh, rules: rulesZh }),
  [PSEUDO]: () => ({
    name: "Pseudo",
    dir: "rtl",
    words: turned(en),
    codes: turned(codesEn),
    page: turned(pageEn),
    rules: turned(rulesEn),
  }),
};

/** Languages to choose from; the pseudo-locale only where it is asked for. */
export const OFFERED: readonly (readonly [string, string])[] = [
  ["en", "English"],
  ["zh", "中文"],
];

let chosen = "en";
let language = english();

/** The code of the language in use. */
export function current(): string {
  return chosen;
}

/** Use a language; an unknown one is English. */
export function choose(code: string): void {
  const make = LANGUAGES[code];
  chosen = make === undefined ? "en" : code;
  language = (make ?? english)();
  document.documentElement.lang = chosen;
  document.documentElement.dir = language.dir;
}

/** The language that the reader's device prefers. */
export function preferred(): string {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked !== null && asked in LANGUAGES) return asked;
  const wished = navigator.languages.find((one) => one.slice(0, 2) in LANGUAGES);
  return wished === undefined ? "en" : wished.slice(0, 2);
}

type Values = Readonly<Record<string, string | number>>;

/** A text with its places filled. */
export function say(key: Key, values: Values = {}): string {
  return filled(language.words[key] ?? en[key], values);
}

/** The same of what is said of decisions. */
export function sayOfRules(key: RulesKey, values: Values = {}): string {
  return filled(language.rules[key] ?? rulesEn[key], values);
}

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => (name in values ? String(values[name]) : place));
}

/** What an outcome of a decision, a code of step 11 or a condition is called; undefined for one without words. */
export function ofRules(group: "decision" | "ruled" | "condition", code: string): string | undefined {
  return language.rules[`${group}.${code}`];
}

/** The code whose words another code shares. */
const SAME = new Map(
  Object.entries(alike).flatMap(([code, others]) => others.map((one) => [one, code] as const)),
);

/** What a code of a report means; undefined where the page has no words of its own for it. */
export function meaning(code: string): string | undefined {
  return language.codes[SAME.get(code) ?? code];
}

/** What a premise of the recognition rule says, by its code; undefined for one without words. */
export function premise(code: string): string | undefined {
  return language.page[`premise.${code}`];
}

/** What was not checked, in the language in use; a report says it in English. */
export function unchecked(text: string): string {
  const key = `unchecked.${text}`;
  return language.words[key] ?? language.page[key] ?? text;
}

/** Fill every element that names its text. */
export function fill(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-say]")) {
    element.textContent = say(element.dataset["say"] as Key);
  }
  document.title = say("title");
}

/** A size for people. */
export function size(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const locale = chosen === PSEUDO ? "en" : chosen;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[power] as string,
    maximumFractionDigits: 1,
  }).format(bytes / 1000 ** power);
}
