import assert from "node:assert/strict";
import { test } from "node:test";
import { isLedgerError } from "../../src/core/error.ts";
import { parseTime } from "../../src/core/times.ts";
import { parse } from "../../src/rules/cel.ts";
import { decide } from "../../src/rules/decide.ts";
import { holds } from "../../src/rules/evaluate.ts";
import { type Ready, ready } from "../../src/rules/ruling.ts";
import { liesIn } from "../../src/rules/zones.ts";
import type { DecisionSubject } from "../../src/statements/decision.ts";
import type { MeasureSubject } from "../../src/statements/measure.ts";
import type { MeasureRule } from "../../src/statements/measureRules.ts";
import type { TransferSubject } from "../../src/statements/transfer.ts";
import { own } from "../vectors.ts";

interface Decisions {
  readonly measures: Readonly<Record<string, MeasureSubject>>;
  readonly cases: { readonly transfer: TransferSubject }[];
}

const AT = "2026-11-22T04:00:00Z";
const { measures, cases } = own<Decisions>("rules/by-hand.json");
const [template] = Object.values(measures).filter(({ applies }) => applies.direction === "outbound");
const [first] = cases;

function rule(id: string, members: Partial<MeasureRule>): MeasureRule {
  return { id, outcome: "free", reason: "listed", cite: { instrument: "XA Act" }, ...members };
}

let made = 0;

function measure(rules: readonly MeasureRule[], members: Partial<MeasureSubject> = {}): Ready {
  assert.ok(template !== undefined);
  made += 1;
  const { authority, title, texts, legalBasis } = template;
  return ready(made.toString(16).padStart(64, "0"), {
    ...{ authority, title, texts, legalBasis, objectives: [], visibility: "public" },
    ...{ publishedAt: AT, effectiveFrom: AT, kind: "regulation", version: 1, number: `XA-${made}` },
    applies: { direction: "outbound", jurisdiction: "XA" },
    targeting: { mode: "none" },
    rules,
    ...members,
  });
}

function decided(atHand: readonly Ready[], members: Partial<TransferSubject> = {}): DecisionSubject {
  assert.ok(first !== undefined);
  return decide("0".repeat(64), { ...first.transfer, ...members }, atHand, parseTime(AT)).subject;
}

test("a comparison holds at its bound where it says so", () => {
  const facts = new Map([["line.persons.count", 3]]);
  for (const [sign, value] of [
    ["<=", true],
    [">=", true],
    ["<", false],
    [">", false],
  ] as const) {
    assert.equal(holds(parse(`line.persons.count ${sign} 3`), facts), value, sign);
  }
});

test("a zone lies in what its name begins with, up to a sign that ends a name", () => {
  for (const [zone, area, value] of [
    ["XA-01", "XA", true],
    ["XA-01+harbour", "XA-01", true],
    ["XA-01", "XA-01", true],
    ["XA-010", "XA-01", false],
    ["XA", "XA-01", false],
  ] as const) {
    assert.equal(liesIn(zone, area), value, `${zone} in ${area}`);
  }
});

test("a mechanism without an exemption has an empty one, and a record without a mechanism none that is known", () => {
  const asking = measure([
    rule("1", { when: "transfer.exemption == ''" }),
    rule("2", { outcome: "prohibited" }),
  ]);
  assert.equal(decided([asking], { mechanism: { type: "standardContract" } }).outcome, "free");
  const exempt = { type: "exemption", exemptionCode: "transit" };
  assert.equal(decided([asking], { mechanism: exempt }).outcome, "prohibited");
});

test("a relation that is stated twice holds once", () => {
  const stated = { relation: "adequacy", jurisdiction: "XB", from: AT, reason: "Invented" };
  const asking = measure([rule("1", { when: "size(transfer.relations) == 1" })], {
    relations: [stated, { ...stated, reason: "Said again" }],
  });
  assert.equal(decided([asking]).outcome, "free");
});

test("a rule that is expressly not delegable stays", () => {
  const under = measure([rule("1", { outcome: "prohibited", delegable: false })]);
  const over = measure([rule("1", {})], { overrides: [under.measure.number] });
  assert.equal(decided([under, over]).outcome, "prohibited");
});

test("where another perhaps speaks, what is missing without the delegable rules is missing too", () => {
  const under = measure([
    rule("1", { outcome: "prohibited", delegable: true }),
    rule("2", { outcome: "conditional", conditions: ["encrypt"], when: "transfer.onwardAllowed" }),
  ]);
  const over = measure([rule("1", { when: "size(transfer.dataLocation) > 1" })], {
    overrides: [under.measure.number],
  });
  const [line] = decided([under, over]).outbound.lines;
  assert.deepEqual(line?.missing, ["transfer.dataLocation", "transfer.onwardAllowed"]);
});

/** Whether measures are decided by for 200 lines. */
function isDecided(atHand: readonly Ready[], members: Partial<TransferSubject> = {}): boolean {
  const [line] = first?.transfer.lines ?? [];
  assert.ok(line !== undefined);
  const lines = Array.from({ length: 200 }, (_, place) => ({
    ...line,
    ...members.lines?.[0],
    line: place + 1,
  }));
  try {
    decided(atHand, { ...members, lines });
    return true;
  } catch (error) {
    assert.ok(isLedgerError(error) && error.code === "decision-too-large");
    return false;
  }
}

/** What a rule may ask, and the work that this is. */
const ASKS: readonly (readonly [number, Partial<MeasureRule>])[] = [
  [1, {}],
  [4, { if: { grade: ["core"], persons: { count: { below: 1 }, ytdCount: { below: 1 } } } }],
  [9, { when: "!(line.grade == 'core') && -1 + 2 - size(transfer.relations) in [1, -2]" }],
  [3, { if: { grade: ["core"] }, when: "line.persons.count > 0" }],
];
const MOST = Math.floor(262_144 / 200);

test("work is counted by what rules ask", () => {
  for (const [work, asking] of ASKS) {
    for (const [count, fits] of [
      [Math.floor(MOST / work), true],
      [Math.floor(MOST / work) + 1, false],
    ] as const) {
      const asked = measure(Array.from({ length: count }, (_, place) => rule(`${place}`, asking)));
      assert.equal(isDecided([asked]), fits, `${count} of ${work}`);
    }
  }
});

test("what others override is work twice, and so are they", () => {
  const asking = { outcome: "prohibited", if: { grade: ["core"] } };
  const under = measure(
    Array.from({ length: 100 }, (_, place) => rule(`${place}`, { ...asking, delegable: place % 2 === 0 })),
  );
  const over = Array.from({ length: 7 }, () =>
    measure([rule("1", {})], { overrides: [under.measure.number] }),
  );
  const left = MOST - (200 + 100 + 7 + 7);
  const filling = (count: number): Ready => measure(Array.from({ length: count }, () => rule("1", {})));
  assert.ok(isDecided([under, ...over, filling(left)]));
  assert.ok(!isDecided([under, ...over, filling(left + 1)]));
});

test("measures of both directions share what is decided at once", () => {
  const inward = { applies: { direction: "inbound", jurisdiction: "XB" } };
  const of = (count: number, members: Partial<MeasureSubject> = {}): Ready =>
    measure(
      Array.from({ length: count }, () => rule("1", {})),
      members,
    );
  assert.ok(isDecided([of(1000), of(MOST - 1000, inward)]));
  assert.ok(!isDecided([of(1000), of(MOST - 999, inward)]));
  const many = Array.from({ length: 200 }, () => of(1));
  const others = Array.from({ length: 56 }, () => of(1, inward));
  assert.ok(isDecided([...many, ...others]));
  assert.ok(!isDecided([...many, ...others, of(1, inward)]));
});

test("what is decided at all is decided in a second", () => {
  const unknown = ["transfer.onwardAllowed", "line.persons.count>0", "line.persons.ytdCount>0"];
  const slow: readonly Partial<MeasureRule>[] = [
    { when: Array.from({ length: 33 }, (_, place) => unknown[place % 3]).join(" || ") },
    { when: `line.persons.sensitiveCount${"+1".repeat(99)}>999` },
    { when: `line.persons.sensitiveCount in [${Array.from({ length: 470 }, () => "1").join(",")}]` },
    { if: { dataTypes: ["dpv:CollectedData"] } },
  ];
  for (const asking of slow) {
    const [{ work } = { work: 1 }] = measure([rule("1", asking)]).rulings;
    const count = Math.floor(MOST / work);
    const asked = measure(Array.from({ length: count }, (_, place) => rule(`${place}`, asking)));
    const begun = process.cpuUsage();
    const lines = [{ category: "personal", persons: { sensitiveCount: 3 } }];
    assert.ok(isDecided([asked], { lines: lines as unknown as NonNullable<TransferSubject["lines"]> }));
    const { user, system } = process.cpuUsage(begun);
    assert.ok(user + system < 1_000_000, JSON.stringify(asking).slice(0, 80));
  }
});

test("so much is decided at once, and no more", () => {
  const [line] = first?.transfer.lines ?? [];
  assert.ok(line !== undefined);
  const lines = [1, 2, 3, 4, 5].map((number) => ({ ...line, line: number }));
  const never = rule("", { when: "false" });
  const listed = (count: number): Ready[] => [
    ...Array.from({ length: 52 }, () => measure(Array.from({ length: 1000 }, () => never))),
    measure(Array.from({ length: count }, () => never)),
  ];
  assert.equal(decided(listed(428), { lines }).outcome, "indeterminate");
  assert.throws(
    () => decided(listed(429), { lines }),
    (error) => isLedgerError(error) && error.code === "decision-too-large",
  );
});
