/** What the decisions carried say of the transfer, whether that follows again, and under which conditions. */

import { byId, element, foreign, put, shown } from "./elements.ts";
import type { DecisionShown } from "./protocol.ts";
import { ofRules, sayOfRules } from "./text.ts";

/** Show each decision that was judged. */
export function showRules(judged: readonly DecisionShown[] | null): void {
  if (judged === null || judged.length === 0) return;
  const told = judged.map((one) =>
    element("li", {}, ...sentences(one).map((sentence) => element("p", {}, sentence))),
  );
  const title = element("h3", {}, sayOfRules("heading.rules"));
  put(byId("rules"), title, element("ul", { class: "plain" }, ...told));
}

function sentences(judged: DecisionShown): readonly (string | HTMLElement)[] {
  const measures = judged.measures.map(({ number, version }) =>
    sayOfRules("rules.measure", { number: shown(number), version }),
  );
  const told = [
    sayOfRules("rules.lead", {
      at: judged.at,
      measures: measures.join(", ") || sayOfRules("rules.noMeasure"),
      says: called("decision", judged.says),
    }),
    ofRules("ruled", judged.code) ?? sayOfRules("ruled.other"),
  ];
  const conditions = judged.conditions.map((code) => called("condition", code));
  if (conditions.length > 0) {
    told.push(sayOfRules("rules.conditions", { conditions: conditions.join("; ") }));
  }
  const { atTransfer } = judged;
  if (atTransfer !== null && atTransfer.says !== judged.says) {
    const { at, says } = atTransfer;
    told.push(sayOfRules("rules.atTransfer", { at, says: called("decision", says) }));
  }
  return [...told, foreign(`${judged.code}, ${judged.decision}`)];
}

function called(group: "decision" | "condition", code: string): string {
  return ofRules(group, code) ?? code;
}
