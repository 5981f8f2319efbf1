import assert from "node:assert/strict";
import { test } from "node:test";
import type { Subject } from "../../src/statements/catalogue.ts";
import type { Endorsement } from "../../src/statements/endorsement.ts";
import type { MeasureSubject } from "../../src/statements/measure.ts";
import type { Held } from "../../src/statements/premises/evidence.ts";
import type { TransferRecord } from "../../src/statements/transfer.ts";
import { AtHand } from "../../src/verify/atHand.ts";

const NOBODY = { authorities: new Map() };
const digest = (name: string): string => Buffer.from(name).toString("hex").padEnd(64, "0");

function held(name: string, value: Subject, members: Partial<Held> = {}): Held {
  const known = { proven: null, operator: null, jurisdiction: "XA", created: 100 };
  return { digest: digest(name), type: value.type, issuer: `did:${name}`, ...known, value, ...members };
}

/** Of a measure what is asked about here. */
function measure(members: object): Subject {
  const subject = { number: "XA-1", version: 1, applies: { jurisdiction: "XA" }, rules: [], ...members };
  return { type: "PolicyMeasure", subject: subject as unknown as MeasureSubject };
}

const JOINT = measure({ joint: { threshold: 1, authorities: ["did:second"] } });
const SAID: Endorsement = {
  type: "Endorsement",
  statement: digest("measure"),
  role: "jointMeasure",
  jurisdiction: "XA",
  begins: 50,
  toward: null,
  designated: [],
  accreditors: [],
  reservations: [],
  supersedes: null,
};
const DECISION = held("decision", measure({}), { created: 200 });

/** Whether a measure counts for a decision at the moment 60, by one endorsement. */
function counts(said: Partial<Endorsement>, members: Partial<Held> = {}, decision = DECISION): boolean {
  const endorsement = held("endorsement", { ...SAID, ...said }, { issuer: "did:second", ...members });
  const atHand = new AtHand([], [held("measure", JOINT), endorsement, decision], new Map(), NOBODY);
  return atHand.against(digest("measure"), decision, 60) === null;
}

test("an endorsement counts of this measure, in this role, for its own jurisdiction, in time", () => {
  assert.ok(counts({}));
  assert.ok(counts({ begins: 60 }));
  assert.ok(counts({}, { created: 200 }));
  for (const said of [
    { statement: digest("other") },
    { role: "party" },
    { jurisdiction: "XB" },
    { begins: 61 },
  ]) {
    assert.ok(!counts(said), JSON.stringify(said));
  }
  for (const members of [{ created: 201 }, { issuer: "did:third" }]) {
    assert.ok(!counts({}, members), JSON.stringify(members));
  }
});

test("an endorsement that claims to be later counts where it stands before the decision in its log", () => {
  const later = { created: 300 };
  const made: Held = { ...DECISION, entry: { origin: "xa", index: 7 } };
  const at = (origin: string, index: number): boolean =>
    counts({}, { ...later, entry: { origin, index } }, made);
  assert.ok(at("xa", 6));
  assert.ok(!at("xa", 7));
  assert.ok(!at("xa", 8));
  assert.ok(!at("xb", 6), "the order of another log tells nothing");
  assert.ok(!counts({}, later, made), "it stands in no log");
  assert.ok(!counts({}, { ...later, entry: { origin: "xa", index: 6 } }), "the decision stands in no log");
});

test("in the place of a measure stands one of its number, version and country that is not named itself", () => {
  const used = { digest: digest("gone"), number: "XA-1", version: 1 };
  const sides = { exporter: { jurisdiction: "XA" }, importer: { jurisdiction: "XB" } };
  const found = (value: Subject, { role = "measure", named = "gone" } = {}): boolean => {
    const placed = [{ pointer: "/sections/0/items/0", role, digest: digest("other"), issuer: "did:other" }];
    const atHand = new AtHand(placed, [], new Map([[digest("other"), value]]), NOBODY);
    return atHand.instead(used, sides as TransferRecord, new Set([digest(named)])) !== null;
  };
  assert.ok(found(measure({})));
  assert.ok(found(measure({ applies: { jurisdiction: "XB" } })));
  assert.ok(!found(measure({ applies: { jurisdiction: "XC" } })));
  assert.ok(!found(measure({ number: "XA-2" })));
  assert.ok(!found(measure({ version: 2 })));
  assert.ok(!found(measure({}), { role: "subject" }));
  assert.ok(!found(measure({}), { named: "other" }));
});

test("a record of a bundle beside is carried where it is evidence, and not else", () => {
  const record = { type: "TransferRecord" } as TransferRecord;
  const subjects = new Map([[digest("record"), record]]);
  assert.equal(new AtHand([], [], subjects, NOBODY).record(digest("record")), null);
  assert.equal(new AtHand([], [held("record", record)], subjects, NOBODY).record(digest("record")), record);
});

test("of two with one digest the one counts that existed first", () => {
  const later = held("measure", JOINT, { created: 300 });
  for (const pair of [
    [later, held("measure", JOINT)],
    [held("measure", JOINT), later],
  ]) {
    assert.equal(new AtHand([], pair, new Map(), NOBODY).evidence.get(digest("measure"))?.created, 100);
  }
});
