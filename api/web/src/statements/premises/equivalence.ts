/**
 * Equivalence: does a standard that the certificate was assessed by count as one of the other side's?
 *
 * Source: docs/spec/recognition.md, 8.
 */

import type { RecognitionArrangement } from "../arrangement.ts";
import type { ConformityCertificate } from "../certificate.ts";
import { type Held, inOrder } from "./evidence.ts";
import { failed, passed, type Premise } from "./finding.ts";
import type { Purpose } from "./purpose.ts";

/** From a standard of the certificate to another. */
interface Path {
  /** Of its equivalences, each in its arrangement, from the base. */
  readonly positions: readonly number[];
  /** Gaps on it, repeated ones each time. */
  readonly gaps: readonly string[];
}

/** Whether standards count alike, and what the equivalence leaves open. */
export interface Equivalent {
  readonly premise: Premise;
  readonly gaps: readonly string[];
}

type Certificate = Held<ConformityCertificate>;

/**
 * Whether the certificate's standards are equivalent under arrangements: passed `EQUIVALENT`.
 *
 * @param texts From the arrangement that relates its own jurisdiction to that of the question.
 */
export function equivalent(
  certificate: Certificate,
  texts: readonly Held<RecognitionArrangement>[],
  purpose: Purpose | null,
): Equivalent {
  const { standards, level } = certificate.value;
  const wanted = purpose?.standard ?? null;
  const against = (code: string, detail: string): Equivalent => ({
    premise: failed(code, detail, certificate, ...texts),
    gaps: [],
  });
  if (bestPath(standards, texts, Infinity, wanted) === null) {
    const detail = `the arrangement does not call ${standards.join(", ")} equivalent to ${wanted ?? "another standard"}`;
    return against("STANDARD_NOT_EQUIVALENT", detail);
  }
  const found = bestPath(standards, texts, level ?? 0, wanted);
  if (found === null) {
    const detail = `the arrangement asks for a higher level; the certificate has ${level ?? "none"}`;
    return against("INSUFFICIENT_LEVEL", detail);
  }
  const short = levelShort(certificate, purpose);
  if (short !== null) return { premise: short, gaps: [] };
  const [standard, path] = found;
  const gaps = [...new Set(path.gaps)];
  const but = gaps.length === 0 ? "" : `, but for ${gaps.length} named gaps`;
  return { premise: passed("EQUIVALENT", `equivalent to ${standard}${but}`, certificate, ...texts), gaps };
}

/** Whether the certificate itself has the standard and level asked for; null where none is. */
export function metAtHome(certificate: Certificate, purpose: Purpose | null): Premise | null {
  if (purpose === null || (purpose.standard === null && purpose.level === null)) return null;
  const { standards } = certificate.value;
  if (purpose.standard !== null && !standards.includes(purpose.standard)) {
    const detail = `assessed by ${standards.join(", ")}, not by ${purpose.standard}`;
    return failed("STANDARD_NOT_EQUIVALENT", detail, certificate);
  }
  return levelShort(certificate, purpose) ?? passed("EQUIVALENT", "by the standard asked for", certificate);
}

/** What is wrong where a use asks for a higher level than was certified. */
function levelShort(certificate: Certificate, purpose: Purpose | null): Premise | null {
  const asked = purpose?.level ?? null;
  const { level } = certificate.value;
  if (asked === null || (level !== null && level >= asked)) return null;
  const detail = `the use asks for level ${asked}; the certificate has ${level ?? "none"}`;
  return failed("INSUFFICIENT_LEVEL", detail, certificate);
}

/** The best path to a standard, to any or to the one wanted, by what asks no higher level; null: there is none. */
function bestPath(
  standards: readonly string[],
  texts: readonly Held<RecognitionArrangement>[],
  level: number,
  wanted: string | null,
): readonly [standard: string, path: Path] | null {
  let reached = new Map<string, Path>(standards.map((standard) => [standard, { positions: [], gaps: [] }]));
  for (const text of texts) reached = onFrom(reached, text.value, level);
  const ends = [...reached].filter(([standard]) => wanted === null || standard === wanted);
  ends.sort((one, other) => compare(one[1], other[1]) || inOrder(one[0], other[0]));
  return ends[0] ?? null;
}

/** The best path to each standard that one more arrangement leads to. */
function onFrom(
  reached: ReadonlyMap<string, Path>,
  text: RecognitionArrangement,
  level: number,
): Map<string, Path> {
  const further = new Map<string, Path>();
  for (const [position, { a, b, direction, minimumLevel, gaps }] of text.equivalences.entries()) {
    if ((minimumLevel ?? 0) > level) continue;
    const ways =
      direction === "both"
        ? ([
            [a, b],
            [b, a],
          ] as const)
        : ([[a, b]] as const);
    for (const [start, end] of ways) {
      const before = reached.get(start);
      if (before === undefined) continue;
      const path = { positions: [...before.positions, position], gaps: [...before.gaps, ...gaps] };
      const other = further.get(end);
      if (other === undefined || compare(path, other) < 0) further.set(end, path);
    }
  }
  return further;
}

/** The fewest gaps first, then the smallest sequence of positions; both are as long. */
function compare(one: Path, other: Path): number {
  if (one.gaps.length !== other.gaps.length) return one.gaps.length - other.gaps.length;
  for (const [index, position] of one.positions.entries()) {
    const difference = position - (other.positions[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
