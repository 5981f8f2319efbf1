import assert from "node:assert/strict";
import { test } from "node:test";
import pageEn from "../../../../ledger/services/render/messages/en.json";
import rulesEn from "../../../../ledger/services/render/messages/rules.en.json";
import rulesZh from "../../../../ledger/services/render/messages/rules.zh.json";
import codesEn from "../../src/page/messages/codes.en.json";
import codesZh from "../../src/page/messages/codes.zh.json";
import en from "../../src/page/messages/en.json";
import zh from "../../src/page/messages/zh.json";
import { own } from "../vectors.ts";

test("every word of the page is there in both languages", () => {
  for (const [english, chinese] of [
    [en, zh],
    [codesEn, codesZh],
    [rulesEn, rulesZh],
  ] as const) {
    assert.deepEqual(Object.keys(chinese), Object.keys(english));
  }
});

test("every code of step 11, and all that it leaves unchecked, has words", () => {
  const { rows } = own<{ rows: { code: string; notChecked: string[] }[] }>("decided/verdicts.json");
  const codes = [...rows.map((row) => row.code), "not-carried", "decision-too-large", "premise-failed"];
  const without = codes.filter((code) => !(code in codesEn) && !(`ruled.${code}` in rulesEn));
  assert.deepEqual(without, []);
  const unchecked = [...new Set(rows.flatMap((row) => row.notChecked))];
  assert.ok(unchecked.length > 2);
  const said = unchecked.filter((one) => !(`unchecked.${one}` in { ...en, ...pageEn }));
  assert.deepEqual(said, []);
});
