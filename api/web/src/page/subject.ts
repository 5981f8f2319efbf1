/** What the statement in question says, for people to read; nothing here decides anything. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "../core/bytes.ts";
import { decode, encode, type Json } from "../core/json.ts";
import type { SubjectShown } from "./protocol.ts";
import { LIMITS } from "./protocol.ts";

type Members = Readonly<Record<string, Json>>;

const isObject = (value: Json | undefined): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];

/** The paths of all members `commitment`, as step 2 names them. */
function commitmentsIn(value: Json, path: readonly string[]): string[] {
  if (Array.isArray(value))
    return value.flatMap((one: Json, index) => commitmentsIn(one, [...path, String(index)]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === "commitment" ? [path.join(".")] : commitmentsIn(member, [...path, name]),
  );
}

/** The subject of a bundle, or a statement itself; undefined where the file has none that can be read. */
export function subjectShown(bytes: Bytes): SubjectShown | undefined {
  let value: Json;
  try {
    value = decode(bytes, { limit: LIMITS.bundle, what: "evidence" });
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const statement = value["@context"] === undefined ? subjectOf(value) : value;
  if (statement === undefined) return undefined;
  const fields = statement["credentialSubject"];
  const type = listOf(statement["type"]).find((one) => one !== "VerifiableCredential");
  const issuer = statement["issuer"];
  if (!isObject(fields) || typeof type !== "string") return undefined;
  return {
    type,
    issuer: typeof issuer === "string" ? issuer : "",
    fields,
    commitments: [
      ...commitmentsIn(fields, []),
      ...(type === "IdentityRecognition" && isObject(fields["credential"]) ? ["credential"] : []),
    ],
  };
}

function subjectOf(bundle: Members): Members | undefined {
  for (const section of listOf(bundle["sections"])) {
    if (!isObject(section)) continue;
    for (const item of listOf(section["items"])) {
      if (!isObject(item) || item["role"] !== "subject") continue;
      const statement = item["statement"];
      // A bundle that names another digest fails step 1; here nothing is shown for it.
      if (isObject(statement) && toHex(sha256(encode(statement))) === bundle["subject"]) return statement;
    }
  }
  return undefined;
}
