/** The answer on the screen: the verdict, when, what was not checked, and every step with what it shows. */

import { element, foreign, hash, put, shown, terms, byId } from "./elements.ts";
import type {
  CheckShown,
  DatedShown,
  ForkShown,
  Outcome,
  ReportShown,
  StandingShown,
  SubjectShown,
} from "./protocol.ts";
import { type Key, meaning, ofRules, premise, say, unchecked } from "./text.ts";
import { showRules } from "./rules.ts";

const STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;
const STRENGTH: Readonly<Record<Outcome, number>> = { failed: 0, absent: 1, passed: 2 };
const MARK: Readonly<Record<ReportShown["verdict"], Outcome>> = {
  verified: "passed",
  "not verified": "failed",
  "could not finish": "absent",
  "verified then, not now": "failed",
};

const stepName = (step: number): string => say(`step.${step}` as Key);

/** Empty the answer and show every step as one that waits. */
export function begin(): void {
  told = [];
  const answer = byId("answer");
  answer.hidden = false;
  answer.setAttribute("aria-busy", "true");
  const verdict = byId("verdict");
  verdict.className = "";
  put(verdict, say("wait"));
  for (const id of ["times", "unchecked", "recognition", "rules", "said", "statements", "remarks", "by-hand"])
    put(byId(id));
  const waiting = STEPS.map((step) =>
    element(
      "li",
      { id: `step-${step}` },
      element("span", { class: "number" }, String(step)),
      element("div", { class: "body" }, element("div", { class: "head waiting" }, stepName(step))),
    ),
  );
  put(byId("steps"), ...waiting);
}

let told: CheckShown[] = [];

/** Show what one check came to, with those of the same step before it. */
export function showCheck(check: CheckShown): void {
  told.push(check);
  showStep(told.filter((one) => one.step === check.step));
}

/** Show what one step came to; the weakest of its sections counts. */
function showStep(checks: readonly CheckShown[]): void {
  const first = checks[0];
  if (first === undefined) return;
  const counts = checks.reduce(
    (held, one) => (STRENGTH[one.outcome] < STRENGTH[held.outcome] ? one : held),
    first,
  );
  const alike = checks.filter((one) => one.outcome === counts.outcome);
  const place = document.getElementById(`step-${first.step}`);
  if (place === null) return;
  place.className = `told ${counts.outcome}`;
  const head = element(
    "div",
    { class: "head" },
    element("span", {}, stepName(first.step)),
    element(
      "span",
      { class: `outcome ${counts.outcome}` },
      element("span", { "aria-hidden": "true" }, `${say(`mark.${counts.outcome}`)} `),
      say(`outcome.${counts.outcome}`),
    ),
  );
  const words = wordsOf(counts);
  const details = [...new Set(alike.map((one) => one.detail))];
  const body = element("div", { class: "body" }, head);
  if (words !== undefined) body.append(element("p", { class: "words" }, words));
  for (const detail of details) body.append(element("p", { class: "detail" }, foreign(detail)));
  if (counts.outcome === "failed") {
    const where = counts.pointer === undefined || counts.pointer === "" ? "" : ` ${shown(counts.pointer)}`;
    body.append(element("p", { class: "pointer" }, `${counts.code}${where}`));
  }
  put(place, element("span", { class: "number" }, String(first.step)), body);
}

/** What a check shows or lacks, in the reader's words; what a decision says is told however the step came out. */
function wordsOf({ step, outcome, code }: CheckShown): string | undefined {
  const ruled = step === 11 ? ofRules("ruled", code) : undefined;
  if (outcome === "passed") return ruled ?? say(`shows.${step}` as Key);
  return meaning(code) ?? ruled;
}

/** Show a whole report. */
export function showReport(report: ReportShown, subject: SubjectShown | undefined): void {
  const answer = byId("answer");
  answer.setAttribute("aria-busy", "false");
  for (const step of STEPS) showStep(report.checks.filter((check) => check.step === step));
  showVerdict(report);
  showTimes(report);
  showUnchecked(report);
  showRecognition(report);
  showRules(report.rules);
  showSaid(subject);
  showStatements(report.statements);
  showRemarks(report);
  byId("printed").textContent = say("foot.printed", {
    time: report.checkedAt,
    version: report.trust.version,
    publisher: shown(report.trust.publisher),
    hash: report.trust.listHash,
  });
}

function showVerdict(report: ReportShown): void {
  const mark = MARK[report.verdict];
  const verdict = byId("verdict");
  verdict.className = mark;
  const missing = [
    ...report.steps
      .filter((step) => report.required.includes(step.step) && step.outcome !== "passed")
      .map((step) => `${step.step} ${stepName(step.step)} (${say(`outcome.${step.outcome}`)})`),
    ...report.missing.filter((one) => one.startsWith("now:")),
  ];
  put(
    verdict,
    element("span", { class: "mark", "aria-hidden": "true" }, say(`mark.${mark}`)),
    say(`verdict.${report.verdict}`),
    report.unfinished.length === 0
      ? undefined
      : element("p", {}, say("verdict.unfinished", { reasons: shown(report.unfinished.join("; ")) })),
    missing.length === 0
      ? undefined
      : element("p", {}, say("verdict.missing", { missing: shown(missing.join("; ")) })),
    element("p", {}, say("verdict.required", { steps: report.required.join(", ") })),
  );
}

function showTimes(report: ReportShown): void {
  const dated = report.statements.find((one) => one.role === "subject");
  if (dated === undefined) return;
  const by = dated.proven.by.map(shown).join(", ");
  const proven =
    dated.proven.notAfter === null
      ? dated.operatorTime === null
        ? say("times.none")
        : `${say("times.none")}; ${say("times.operator", { time: dated.operatorTime })}`
      : `${dated.proven.notAfter}, ${say("times.by")} ${by}`;
  put(
    byId("times"),
    element("h3", {}, say("times.title")),
    terms([
      [say("times.proven"), proven],
      [say("times.claimed"), dated.claimed],
      [say("times.status"), foreign(report.statusNow)],
    ]),
  );
}

function showUnchecked(report: ReportShown): void {
  const absent = report.steps.filter((step) => step.outcome === "absent");
  const items = [
    ...absent.map((step) =>
      element(
        "li",
        {},
        say("unchecked.step", { step: step.step, name: stepName(step.step) }),
        ": ",
        wordsOf(step) ?? foreign(step.detail),
      ),
    ),
    ...report.notChecked.map((one) => element("li", {}, foreign(unchecked(one)))),
  ];
  put(
    byId("unchecked"),
    element("h3", {}, say("unchecked.title")),
    element("ul", { class: "plain" }, ...items),
  );
}

function standing(title: string, judged: StandingShown): HTMLElement[] {
  const premises = judged.premises.map((one) =>
    element(
      "tr",
      {},
      element("td", { class: `outcome ${one.outcome}` }, say(`outcome.${one.outcome}`)),
      element("td", {}, premise(one.code) ?? foreign(one.detail)),
    ),
  );
  const limits = judged.limits.map((limit) => element("li", {}, foreign(limit)));
  return [
    element("h4", {}, title),
    element("div", { class: "wide" }, element("table", {}, element("tbody", {}, ...premises))),
    ...(limits.length === 0
      ? []
      : [element("p", {}, say("recognition.limits")), element("ul", { class: "plain" }, ...limits)]),
  ];
}

function showRecognition(report: ReportShown): void {
  const judged = report.recognition;
  if (judged === null) return;
  const parts = standing(say("recognition.at", { time: judged.at.moment }), judged.at);
  if (judged.known.moment !== judged.at.moment) {
    parts.push(...standing(say("recognition.now", { time: judged.known.moment }), judged.known));
  }
  put(byId("recognition"), element("h3", {}, say("recognition.title")), ...parts);
}

/** A value of the statement; members keep the names of the format, which are the same in all languages. */
function value(held: unknown): HTMLElement {
  if (Array.isArray(held)) {
    return element("ul", { class: "plain" }, ...held.map((one: unknown) => element("li", {}, value(one))));
  }
  if (typeof held === "object" && held !== null) {
    return terms(Object.entries(held).map(([name, member]) => [shown(name), value(member)] as const));
  }
  const text = String(held);
  return /^[0-9a-f]{64}$/.test(text) ? hash(text) : foreign(text);
}

function showSaid(subject: SubjectShown | undefined): void {
  if (subject === undefined) return;
  put(
    byId("said"),
    element(
      "details",
      { class: "more" },
      element("summary", {}, `${say("said.title")} (${shown(subject.type)}, ${shown(subject.issuer)})`),
      value(subject.fields),
    ),
  );
}

const HEADS = ["role", "type", "issuer", "claimed", "proven"] as const;

/** A cell that names its column where the table is too narrow for a row of headings. */
function cell(head: (typeof HEADS)[number], held: Node | string): HTMLElement {
  const isMoment = head === "claimed" || head === "proven";
  return element(
    "td",
    { "data-label": `${say(`statements.${head}`)}: `, ...(isMoment ? { class: "moment" } : {}) },
    held,
  );
}

function showStatements(statements: readonly DatedShown[]): void {
  if (statements.length === 0) return;
  const rows = statements.map((one) =>
    element(
      "tr",
      {},
      cell("role", one.role),
      cell("type", one.type),
      cell("issuer", foreign(one.issuer)),
      cell("claimed", one.claimed),
      cell("proven", one.proven.notAfter ?? say("times.none")),
    ),
  );
  put(
    byId("statements"),
    element("h3", {}, say("statements.title")),
    element(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": say("statements.title") },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            ...HEADS.map((head) => element("th", { scope: "col" }, say(`statements.${head}`))),
          ),
        ),
        element("tbody", {}, ...rows),
      ),
    ),
  );
}

function showRemarks(report: {
  readonly notCounted: readonly string[];
  readonly notices?: readonly string[];
}): void {
  const items = [
    ...(report.notices ?? []).map((notice) => element("li", {}, foreign(notice))),
    ...report.notCounted.map((one) => element("li", {}, `${say("remarks.notcounted")}: `, foreign(one))),
  ];
  if (items.length === 0) return;
  put(byId("remarks"), element("h3", {}, say("remarks.title")), element("ul", { class: "plain" }, ...items));
}

/** Show what a fork proof came to. */
export function showFork(report: ForkShown): void {
  byId("answer").setAttribute("aria-busy", "false");
  const proven = report.verdict === "split view proven";
  const mark = proven ? "passed" : report.verdict === "not proven" ? "failed" : "absent";
  const key: Key = proven
    ? "verdict.split"
    : report.verdict === "not proven"
      ? "verdict.not split"
      : "verdict.could not finish";
  const verdict = byId("verdict");
  verdict.className = mark;
  put(
    verdict,
    element("span", { class: "mark", "aria-hidden": "true" }, say(`mark.${mark}`)),
    say(key),
    element("p", {}, foreign(report.detail)),
  );
  put(byId("steps"));
  put(
    byId("times"),
    terms([
      ...(report.origin === null ? [] : ([["origin", foreign(report.origin)]] as const)),
      ...(report.operator === null ? [] : ([["operator", foreign(report.operator)]] as const)),
      ...report.checkpoints.map(
        (one, place) => [`${"ab"[place] ?? ""} ${one.size}`, hash(one.root)] as const,
      ),
      ["signed both", foreign(report.signedBoth.join(", "))] as const,
    ]),
  );
  showRemarks(report);
}
