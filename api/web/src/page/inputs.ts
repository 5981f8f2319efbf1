/** What is in hand: the files, the questions, and how they come in. */

import { byId, element, fingerprint, input, put, shown, terms } from "./elements.ts";
import type { Question, TrustShown } from "./protocol.ts";
import { say, size } from "./text.ts";

/** All that was given so far. */
export interface Hand {
  evidence: File | undefined;
  trust: File | undefined;
  contents: Map<string, File>;
  openings: File | undefined;
  statement: File | undefined;
}

/** Whether what was typed can be asked; if not, the browser says at the field why, in its own language. */
export function fieldsHold(): boolean {
  input("at").max = new Date().toISOString().slice(0, "2026-11-22T00:00:00".length);
  const wrong = [input("into"), input("at")].find((field) => !field.checkValidity());
  if (wrong === undefined) return true;
  byId("more").setAttribute("open", "");
  wrong.reportValidity();
  return false;
}

/** A question as soon as there is evidence and a trust list. */
export function questionOf(hand: Hand): Question | undefined {
  if (hand.evidence === undefined || hand.trust === undefined) return undefined;
  const into = input("into").value.trim().toUpperCase();
  const at = Date.parse(`${input("at").value}Z`);
  return {
    evidence: hand.evidence,
    trust: hand.trust,
    contents: [...hand.contents],
    ...(hand.openings === undefined ? {} : { openings: hand.openings }),
    ...(hand.statement === undefined ? {} : { statement: hand.statement }),
    ...(/^[A-Z]{2}$/.test(into) ? { into } : {}),
    ...(Number.isNaN(at) ? {} : { at: Math.floor(at / 1000) }),
    now: Math.floor(Date.now() / 1000),
    today: input("today").checked,
  };
}

/** A file picker; the same file may be chosen again. */
export function picker(id: string, chosen: (file: File) => void): void {
  const field = input(id);
  field.addEventListener("change", () => {
    const file = field.files?.[0];
    field.value = "";
    if (file !== undefined) chosen(file);
  });
}

/** The whole page takes files that are dropped. */
export function dropAnywhere(dropped: (files: readonly File[]) => void): void {
  let depth = 0;
  const over = (change: number): void => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0);
  };
  document.addEventListener("dragenter", (event) => {
    event.preventDefault();
    over(1);
  });
  document.addEventListener("dragleave", () => {
    over(-1);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(-depth);
    dropped([...(event.dataTransfer?.files ?? [])]);
  });
}

/** Name a file that was taken. */
export function showName(which: "evidence" | "trust", file: File, told = ""): void {
  const place = byId(`${which}-name`);
  place.className = "name";
  put(place, `${shown(file.name)} (${size(file.size)})${told === "" ? "" : `, ${told}`}`);
  byId(`${which}-given`).classList.add("has");
}

/** Say why a file was not taken. */
export function showRefusal(which: "evidence" | "trust", words: string): void {
  const place = byId(`${which}-name`);
  place.className = "name refusal";
  put(place, words);
}

/** Show whom the list is of, and its fingerprint, with a place to compare it in. */
export function showTrust(trust: TrustShown): void {
  const given = element("input", {
    type: "text",
    id: "expected",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "expected-told",
  });
  const told = element("span", { id: "expected-told", role: "status" });
  given.addEventListener("input", () => {
    const hex = given.value.toLowerCase().replace(/[^0-9a-f]/g, "");
    const same = hex === trust.listHash;
    const isDifferent = !same && (hex.length >= 64 || !trust.listHash.startsWith(hex));
    told.className = same ? "outcome passed" : isDifferent ? "outcome failed" : "";
    told.textContent = same ? say("trust.same") : isDifferent ? say("trust.different") : "";
  });
  const place = byId("trust-shown");
  place.hidden = false;
  put(
    place,
    terms([
      [say("trust.by"), shown(trust.publisher)],
      [say("trust.version"), String(trust.version)],
      [say("trust.issued"), trust.issued],
      [say("trust.next"), trust.nextUpdate],
    ]),
    element("p", {}, say("trust.fingerprint"), fingerprint(trust.listHash)),
    element("p", { class: "hint compare" }, say("trust.compare")),
    element(
      "p",
      { class: "field compare" },
      element("label", { for: "expected" }, say("trust.expected")),
      " ",
      given,
      " ",
      told,
    ),
  );
}

/** A picker for each file that the evidence commits to, for openings, and for a receipt's statement. */
export function showContents(
  hand: Hand,
  names: readonly string[],
  isReceipt: boolean,
  changed: () => void,
): void {
  const row = (
    id: string,
    label: string,
    file: File | undefined,
    chosen: (file: File) => void,
  ): HTMLElement => {
    const field = element("input", { type: "file", id, "aria-label": label });
    field.addEventListener("change", () => {
      const taken = field.files?.[0];
      if (taken === undefined) return;
      chosen(taken);
      changed();
    });
    const name = file === undefined ? "" : ` ${shown(file.name)} (${size(file.size)})`;
    return element(
      "div",
      { class: "choose" },
      element("label", { class: "button", for: id }, `${label}:${name === "" ? ` ${say("choose")}` : name}`),
      field,
    );
  };
  const rows = names.map((name, place) =>
    row(`content-${place}`, say("more.content", { name: shown(name) }), hand.contents.get(name), (file) => {
      hand.contents.set(name, file);
    }),
  );
  if (names.length > 0) {
    rows.push(
      row("openings", say("more.openings"), hand.openings, (file) => {
        hand.openings = file;
      }),
    );
  }
  if (isReceipt) {
    rows.push(
      row("statement", say("more.statement"), hand.statement, (file) => {
        hand.statement = file;
      }),
    );
  }
  put(
    byId("contents"),
    element("h3", {}, say("more.contents")),
    ...(rows.length === 0 ? [element("p", { class: "hint" }, say("more.contents.none"))] : rows),
  );
}
