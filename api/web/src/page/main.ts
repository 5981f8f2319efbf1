/**
 * The page: files in, and the answer of a verifier that runs on this very device.
 *
 * Nothing is loaded and nothing is sent; the page's content security policy allows neither.
 */

import { begin, showFork, showReport, showCheck } from "./answer.ts";
import { Asking, Overtaken, Refusal, type Reported } from "./asking.ts";
import { type Named, readCodes } from "./code_on_paper.ts";
import { byId, element, hash, put, shown, terms } from "./elements.ts";
import {
  dropAnywhere,
  fieldsHold,
  type Hand,
  picker,
  questionOf,
  showContents,
  showName,
  showRefusal,
  showTrust,
} from "./inputs.ts";
import type { TrustShown } from "./protocol.ts";
import { choose, current, fill, type Key, OFFERED, preferred, PSEUDO, say, size } from "./text.ts";

const hand: Hand = {
  evidence: undefined,
  trust: undefined,
  contents: new Map(),
  openings: undefined,
  statement: undefined,
};
let asking: Asking;
let kind = "other";
let trust: TrustShown | undefined;
let named: Named | undefined;
let reported: Reported | undefined;
/** Counts what was asked and what was given anew: an answer to an earlier turn is shown no more. */
let turn = 0;

async function take(files: readonly File[]): Promise<void> {
  for (const file of files) {
    const what = await asking.kind(file);
    if (what === "trust") {
      await takeTrust(file);
    } else if (what === "openings") {
      hand.openings = file;
    } else if (what === "other") {
      takeOther(file);
    } else if (what === "statement" && kind === "receipt" && hand.evidence !== undefined) {
      hand.statement = file;
    } else {
      takeEvidence(file, what);
    }
  }
  await verify();
}

/** A file that is no evidence: the only one that is asked for, if only one is. */
function takeOther(file: File): void {
  const names = reported?.subject?.commitments ?? [];
  const name = names.length === 1 ? names[0] : undefined;
  if (name !== undefined) {
    hand.contents.set(name, file);
    return;
  }
  byId("more").setAttribute("open", "");
  showRefusal("evidence", say("unknown-file", { name: shown(file.name) }));
}

function takeEvidence(file: File, what: string): void {
  hand.evidence = file;
  hand.contents.clear();
  hand.statement = undefined;
  forget();
  kind = what;
  showName("evidence", file, what === "other" ? "" : say(`evidence.kind.${what}` as Key));
}

async function takeTrust(file: File): Promise<void> {
  try {
    trust = await asking.trust(file);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    hand.trust = undefined;
    trust = undefined;
    forget();
    byId("trust-shown").hidden = true;
    byId("answer").hidden = true;
    showRefusal(
      "trust",
      `${say("trust.refused")} ${shown(file.name)}: ${shown(error.message)} (${error.told.code})`,
    );
    return;
  }
  hand.trust = file;
  showName("trust", file);
  showTrust(trust);
}

/** The answers so far are of what is no longer in hand, be they still on their way. */
function forget(): void {
  turn += 1;
  reported = undefined;
  byId("answer").hidden = true;
  showMatch();
}

async function verify(): Promise<void> {
  const question = questionOf(hand);
  if (question === undefined) return;
  forget();
  // An answer to less than what was typed would look like one to all of it.
  if (!fieldsHold()) return;
  const mine = turn;
  begin();
  try {
    const answer = await asking.verify(question, { onStep: showCheck, onProgress: showProgress });
    if (mine !== turn) return;
    reported = answer;
  } catch (error) {
    if (error instanceof Overtaken || mine !== turn) return;
    refuse(error);
    return;
  } finally {
    byId("progress").hidden = true;
  }
  show();
}

/** Show the last answer, in the language in use. */
function show(): void {
  if (reported === undefined) return;
  const { report, subject, hashes } = reported;
  if (report.format === "evidence-fork-report/1") showFork(report);
  else showReport(report, subject);
  put(
    byId("by-hand"),
    element("h3", {}, say("hand.title")),
    element("p", {}, say("hand.text")),
    terms(hashes.map(([name, digest]) => [shown(name), hash(digest)] as const)),
    element(
      "pre",
      {},
      hashes
        .map(([name, digest]) => `printf '%s  %s\\n' ${digest} ${quoted(name)} | sha256sum -c`)
        .join("\n"),
    ),
  );
  showContents(hand, subject?.commitments ?? [], kind === "receipt", () => void verify());
  showMatch();
}

/** A file's name as one word of a POSIX shell. */
function quoted(name: string): string {
  return `'${shown(name).replaceAll("'", `'\\''`)}'`;
}

function refuse(error: unknown): void {
  const detail = error instanceof Error ? error.message : String(error);
  const told = error instanceof Refusal ? error.told : undefined;
  const words =
    told === undefined || told.name === ""
      ? say("error.stopped", { detail: shown(detail) })
      : `${shown(told.name)}: ${shown(detail)} (${told.code})`;
  byId("answer").setAttribute("aria-busy", "false");
  put(byId("steps"));
  const verdict = byId("verdict");
  verdict.className = "absent";
  put(verdict, say("verdict.could not finish"), element("p", { class: "refusal" }, words));
}

function showProgress(name: string, done: number, total: number): void {
  const place = byId("progress");
  place.hidden = false;
  const label = say("hashing", { name: shown(name), done: size(done), total: size(total) });
  let bar = place.querySelector("progress");
  if (bar === null) {
    bar = element("progress", { "aria-labelledby": "progress-label" });
    put(place, element("p", { id: "progress-label" }), bar);
  }
  bar.max = total;
  bar.value = done;
  byId("progress-label").textContent = label;
}

/** Whether what is in hand is what the code on paper names. */
function showMatch(): void {
  const place = document.getElementById("code-match");
  if (place === null || named === undefined) return;
  if (reported === undefined) {
    place.className = "";
    put(place);
    return;
  }
  const { report } = reported;
  const subject = report.format === "evidence-report/1" ? report.subject : null;
  const same = subject === named.digest;
  const words = [say(same ? "code.match" : "code.mismatch")];
  const believed = trust === undefined || trust.listHash === named.listHash;
  if (!believed) words.push(say("code.other-trust"));
  const mark = same && believed ? (report.verdict === "verified" ? "passed" : "absent") : "failed";
  place.className = `outcome ${mark}`;
  put(place, words.join(" "));
}

function save(): void {
  if (reported === undefined) return;
  const text = `${JSON.stringify(reported.report, null, 2)}\n`;
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("a", { href: address, download: "report.json" }).click();
  URL.revokeObjectURL(address);
}

function languages(): void {
  const select = byId("language");
  if (!(select instanceof HTMLSelectElement)) throw new Error("the choice of languages is no select");
  const offered = current() === PSEUDO ? [...OFFERED, [PSEUDO, "Pseudo"] as const] : OFFERED;
  for (const [code, name] of offered) select.append(element("option", { value: code, lang: code }, name));
  select.value = current();
  select.addEventListener("change", () => {
    choose(select.value);
    speak();
  });
}

/** Say everything in the language in use. */
function speak(): void {
  fill(document);
  if (hand.evidence !== undefined && kind !== "other")
    showName("evidence", hand.evidence, say(`evidence.kind.${kind}` as Key));
  if (trust !== undefined) showTrust(trust);
  show();
}

/** Whether this browser has the signatures that everything rests on. */
async function supported(): Promise<boolean> {
  const key = new Uint8Array(32);
  key[0] = 9;
  try {
    await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return true;
  } catch (error) {
    // A key that is no point may be refused as such; an unknown algorithm is another matter.
    return !(error instanceof Error && error.name === "NotSupportedError") && "subtle" in crypto;
  }
}

async function start(): Promise<void> {
  choose(preferred());
  languages();
  fill(document);
  if (!(await supported())) {
    byId("unsupported").textContent = say("unsupported");
    byId("unsupported").hidden = false;
    return;
  }
  asking = new Asking();
  const chosen = (file: File): void => void take([file]);
  picker("evidence-file", (file) => {
    void asking.kind(file).then((what) => {
      if (what === "trust") return take([file]);
      takeEvidence(file, what);
      return verify();
    });
  });
  picker("trust-file", (file) => {
    void takeTrust(file).then(verify);
  });
  dropAnywhere((files) => void take(files));
  for (const id of ["into", "at", "today"]) byId(id).addEventListener("change", () => void verify());
  readCodes((found) => {
    named = found;
    showMatch();
  });
  byId("print").addEventListener("click", () => {
    print();
  });
  byId("save").addEventListener("click", save);
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file !== undefined) chosen(file);
  });
}

void start();
