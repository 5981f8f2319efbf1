/**
 * PolicyMeasure: what a jurisdiction asks of data that cross its border, as rules that anybody can evaluate.
 *
 * Source: docs/spec/policy-measure.md.
 */

import { parseTime } from "../core/times.ts";
import {
  COUNTRIES,
  COUNTRY_RELATIONS,
  DIRECTIONS,
  MEASURE_KINDS,
  MEASURE_OBJECTIVES,
  TARGETING_MODES,
  VISIBILITIES,
} from "./codes.ts";
import {
  BOOLEAN,
  code,
  COUNTRY,
  DATE,
  DID,
  DIGEST,
  integer,
  LABEL,
  MEDIA_TYPE,
  REFERENCE,
  text,
  TIME,
  URI,
} from "./fields.ts";
import { CITE, RULES } from "./measureRules.ts";
import { IDENTIFIER, PARTY, SCHEME, ZONE } from "./party.ts";
import { Kind, type Signed, tellUnlessIssuer } from "./reading.ts";
import { SCENARIO, SCENARIO_CODE } from "./scenario.ts";
import { array, object, type Of } from "./shape.ts";
import { tellUnlessLater, tellUnlessSuperseding } from "./validity.ts";

/** One version of one measure, all fields in order. */
export interface PolicyMeasure {
  readonly type: "PolicyMeasure";
  readonly subject: MeasureSubject;
}

/** BCP 47: language, script, region. */
export const LANGUAGE = text("a language", "[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?", 11);
export const ENGINE = text("an engine and its version", String.raw`[a-z][a-z0-9\-]{0,31}\/[0-9]{1,9}`, 42);
/** Seconds after which a measure taken in an emergency has to be reviewed. */
const LONGEST_EMERGENCY = 90 * 86_400;

const RELATION = object(
  {
    relation: code("relations between countries", COUNTRY_RELATIONS),
    jurisdiction: COUNTRY,
    from: TIME,
    reason: LABEL,
  },
  { until: TIME },
).where(["from", "until"], ({ from, until }, at, tell) => {
  tellUnlessLater(from, until, `${at}/until`, tell);
});
const BASIS = object({ sha256: DIGEST, date: DATE, reviewBy: DATE }).where(
  ["date", "reviewBy"],
  ({ date, reviewBy }, at, tell) => {
    tellUnlessLater(date, reviewBy, `${at}/reviewBy`, tell);
  },
);
const TARGETING = object(
  { mode: code("targeting modes", TARGETING_MODES) },
  { ids: array(IDENTIFIER, 1, 1024, true), basis: BASIS },
).where(["mode", "ids", "basis"], ({ mode, ids }, at, tell, has) => {
  if (mode === "none") {
    for (const name of ["ids", "basis"]) {
      if (has(name)) tell(`${at}/${name}`, "targeting-conflict", "given where somebody is named");
    }
  } else if (ids === undefined) {
    tell(`${at}/ids`, "member-missing", `the mode ${mode} needs it`);
  } else if (mode === "country") {
    for (const [index, id] of ids.entries()) {
      if (!COUNTRIES.has(id)) tell(`${at}/ids/${index}`, "not-in-list", "not a country");
    }
  }
});
const JOINT = object({ threshold: integer(1, 64), authorities: array(DID, 1, 64, true) }).where(
  ["threshold", "authorities"],
  ({ threshold, authorities }, at, tell) => {
    if (threshold > authorities.length) {
      tell(`${at}/threshold`, "out-of-range", "more than there are authorities");
    }
  },
);
const SHAPE = object(
  {
    authority: PARTY,
    number: REFERENCE,
    version: integer(1),
    kind: code("kinds of measures", MEASURE_KINDS),
    title: array(object({ language: LANGUAGE, text: LABEL }), 1, 32, "language"),
    texts: array(object({ language: LANGUAGE, sha256: DIGEST, mediaType: MEDIA_TYPE }), 1, 64, true),
    visibility: code("visibilities", VISIBILITIES),
    legalBasis: array(CITE, 1, 64, true),
    objectives: array(code("objectives", MEASURE_OBJECTIVES), 0, 32, true),
    publishedAt: TIME,
    effectiveFrom: TIME,
    applies: object({ direction: code("directions", DIRECTIONS), jurisdiction: COUNTRY }, { zone: ZONE }),
    targeting: TARGETING,
    rules: RULES,
  },
  {
    supersedes: DIGEST,
    effectiveUntil: TIME,
    reviewBy: DATE,
    emergency: BOOLEAN,
    delegatesTo: array(object({ authority: DID }, { zone: ZONE }), 1, 64, true),
    overrides: array(REFERENCE, 1, 64, true),
    joint: JOINT,
    pilot: object({
      parties: array(object({ scheme: SCHEME, id: IDENTIFIER }), 1, 1024, true),
      sunset: TIME,
    }),
    scenarios: array(SCENARIO, 1, 256, true),
    vocabularies: array(object({ scheme: URI, codes: array(SCENARIO_CODE, 1, 1024, true) }), 1, 32, "scheme"),
    relations: array(RELATION, 1, 1024, true),
    alternativesConsidered: DIGEST,
    proportionality: DIGEST,
    requires: object({
      exporterTimeZone: text(
        "a difference from UTC",
        String.raw`(?:\+(?:0[0-9]|1[0-4])|-(?:0[1-9]|1[0-2])):[0-5][0-9]`,
        6,
      ),
    }),
  },
)
  .where(["version", "supersedes"], tellUnlessSuperseding)
  .where(["kind", "pilot"], ({ kind, pilot }, at, tell) => {
    if (kind !== "pilot") {
      if (pilot !== undefined) tell(`${at}/pilot`, "kind-conflict", "given with the kind pilot alone");
    } else if (pilot === undefined) tell(`${at}/pilot`, "member-missing", "the kind pilot needs it");
  })
  .where(["emergency", "reviewBy", "effectiveFrom"], (subject, at, tell) => {
    const { emergency, reviewBy, effectiveFrom } = subject;
    if (emergency !== true) return;
    const where = `${at}/reviewBy`;
    if (reviewBy === undefined) tell(where, "member-missing", "an emergency needs it");
    else if (parseTime(`${reviewBy}T00:00:00Z`) - parseTime(effectiveFrom) > LONGEST_EMERGENCY) {
      tell(where, "time-order", "more than 90 days after it takes effect");
    }
  })
  .where(["overrides", "delegatesTo", "rules"], ({ overrides, delegatesTo, rules }, at, tell) => {
    if (overrides === undefined) return;
    const tellOf = (place: string): void => {
      tell(`${at}/${place}`, "delegation-conflict", "what was delegated is not passed on");
    };
    if (delegatesTo !== undefined) tellOf("delegatesTo");
    for (const [index, { delegable }] of rules.entries()) {
      if (delegable === true) tellOf(`rules/${index}/delegable`);
    }
  })
  .where(["authority", "applies", "delegatesTo"], (subject, at, tell) => {
    const { authority, applies, delegatesTo } = subject;
    const own = authority.jurisdiction;
    if (applies.jurisdiction !== own) {
      tell(`${at}/applies/jurisdiction`, "jurisdiction-mismatch", `the authority is of ${own}`);
    }
    const tellUnlessOwn = (zone: string | undefined, where: string): void => {
      if (zone?.startsWith(own) === false) {
        tell(`${at}/${where}`, "zone-outside-jurisdiction", `the zone is not one of ${own}`);
      }
    };
    for (const [index, { zone }] of (delegatesTo ?? []).entries()) {
      tellUnlessOwn(zone, `delegatesTo/${index}/zone`);
    }
    tellUnlessOwn(applies.zone, "applies/zone");
  })
  .where(["effectiveFrom", "effectiveUntil"], ({ effectiveFrom, effectiveUntil }, at, tell) => {
    tellUnlessLater(effectiveFrom, effectiveUntil, `${at}/effectiveUntil`, tell);
  });
export type MeasureSubject = Of<typeof SHAPE>;
export const KIND = new Kind("PolicyMeasure", ["authority"], SHAPE).where(
  ["authority"],
  (subject, signing, tell) => {
    tellUnlessIssuer(subject.authority.did, "authority", signing, tell);
  },
);

/** The measure that a statement holds; says nothing about whether it is in force. */
export function read(statement: Signed): PolicyMeasure {
  return { type: "PolicyMeasure", subject: KIND.read(statement) };
}
