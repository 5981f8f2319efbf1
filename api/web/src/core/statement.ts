/**
 * Statements: W3C Verifiable Credentials 2.0 of one exact shape, secured by one Data Integrity proof.
 *
 * Source: docs/spec/statement.md.
 */

import { type Bytes, concat } from "./bytes.ts";
import { isDid, isKeyId } from "./did.ts";
import { isLedgerError, type LedgerError, malformed, signatureError } from "./error.ts";
import { sha256 } from "./hashes.ts";
import {
  decode,
  encodeDecoded,
  hasExactly,
  isArray,
  isObject,
  type Json,
  type JsonObject,
  STATEMENT_LIMIT,
  without,
} from "./json.ts";
import { ECDSA, EDDSA, type PublicKey, SIGNATURE_SIZE, type Suite, verify } from "./keys.ts";
import { base58btcDecode } from "./multibase.ts";
import { parseTime } from "./times.ts";

export const CONTEXT = ["https://www.w3.org/ns/credentials/v2", "urn:evidence-ledger:context:v1"] as const;

const MEMBERS = ["@context", "credentialSubject", "id", "issuer", "proof", "type", "validFrom"];
const PROOF_MEMBERS = [
  "@context",
  "created",
  "cryptosuite",
  "proofPurpose",
  "proofValue",
  "type",
  "verificationMethod",
];
const ID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TYPE = /^[A-Z][A-Za-z0-9]{0,63}$/;

/** A statement of the right shape. Its signature is not verified; see `verifyStatement`. */
export interface Statement {
  /** The whole document as it was decoded. */
  readonly document: JsonObject;
  /** The canonical bytes of the whole document. */
  readonly encoded: Bytes;
  /** SHA-256 of `encoded`: the entry in the log. */
  readonly digest: Bytes;
  readonly id: string;
  /** The second entry of `type`, such as TransferRecord. */
  readonly type: string;
  readonly issuer: string;
  /** `credentialSubject`, with at least one member; its fields are not looked at here. */
  readonly subject: JsonObject;
  /** POSIX seconds. */
  readonly validFrom: number;
  /** POSIX seconds of the proof, as the signer claims. */
  readonly created: number;
  readonly suite: Suite;
  /** `issuer` and `keyId`. */
  readonly verificationMethod: string;
  /** `#…`. */
  readonly keyId: string;
  /** 64 bytes. */
  readonly signature: Bytes;
  /** What the signature is over, 64 bytes. */
  readonly message: Bytes;
}

/**
 * Read a statement from its canonical bytes.
 *
 * @throws LedgerError as `decode`; else `statement-malformed` or `proof-malformed`, with `pointer`.
 */
export function parseStatement(data: Uint8Array): Statement {
  return statementOf(decode(data, { limit: STATEMENT_LIMIT, what: "statement" }));
}

/**
 * The statement in a value that `decode` returned, such as a member of a bundle.
 *
 * @throws LedgerError `too-large`, `statement-malformed` or `proof-malformed`.
 */
export function statementOf(document: Json): Statement {
  const encoded = encodeDecoded(document);
  if (encoded.length > STATEMENT_LIMIT) {
    throw malformed(
      `statement has ${encoded.length} bytes; at most ${STATEMENT_LIMIT} are read`,
      "too-large",
    );
  }
  if (!isObject(document) || !hasExactly(document, MEMBERS)) {
    throw fault(`a statement has exactly the members ${MEMBERS.join(", ")}`, "");
  }
  requireContext(document["@context"], "@context is exactly the two entries of a statement", "/@context");
  const type = readType(document["type"]);
  const { id, issuer, credentialSubject: subject } = document;
  if (typeof id !== "string" || !ID.test(id)) {
    throw fault("id is urn:uuid: and a lower-case UUID", "/id");
  }
  if (!isDid(issuer)) {
    throw fault("issuer is a did:web or did:key", "/issuer");
  }
  if (!isObject(subject) || Object.keys(subject).length === 0) {
    throw fault("credentialSubject is an object with members", "/credentialSubject");
  }
  const { proof, ...signed } = readProof(document["proof"], issuer);
  const validFrom = readTime(document["validFrom"], "/validFrom", "statement-malformed");
  const message = messageToSign(document, proof);
  return {
    document,
    encoded,
    digest: sha256(encoded),
    id,
    type,
    issuer,
    subject,
    validFrom,
    ...signed,
    message,
  };
}

/** The 64 bytes that a signature is over: hash of the proof without its value, hash of the document without proof. */
function messageToSign(document: JsonObject, proof: JsonObject): Bytes {
  return concat(
    sha256(encodeDecoded(without(proof, "proofValue"))),
    sha256(encodeDecoded(without(document, "proof"))),
  );
}

/**
 * Check that `key` signed the statement. Whose key it is, and whether it counts, is not asked here.
 *
 * @throws LedgerError `suite-mismatch` where the key is of another suite; else as `verify`.
 */
export async function verifyStatement(statement: Statement, key: PublicKey): Promise<void> {
  if (key.suite !== statement.suite) {
    throw signatureError(
      `the proof is of suite ${statement.suite}; key ${statement.verificationMethod} is of ${key.suite}`,
      "suite-mismatch",
    );
  }
  await verify(key, statement.message, statement.signature);
}

function readType(kinds: Json | undefined): string {
  if (!isArray(kinds) || kinds.length !== 2 || kinds[0] !== "VerifiableCredential") {
    throw fault("type is VerifiableCredential and one more", "/type");
  }
  const kind = kinds[1];
  if (typeof kind !== "string" || !TYPE.test(kind)) {
    throw fault("the type of a statement is a name in letters and digits", "/type/1");
  }
  return kind;
}

function requireContext(context: Json | undefined, required: string, pointer: string, code?: string): void {
  const isSame =
    isArray(context) &&
    context.length === CONTEXT.length &&
    CONTEXT.every((entry, n) => context[n] === entry);
  if (!isSame) {
    throw fault(required, pointer, code);
  }
}

interface Proof {
  readonly proof: JsonObject;
  readonly created: number;
  readonly suite: Suite;
  readonly verificationMethod: string;
  readonly keyId: string;
  readonly signature: Bytes;
}

function readProof(proof: Json | undefined, issuer: string): Proof {
  const code = "proof-malformed";
  if (!isObject(proof) || !hasExactly(proof, PROOF_MEMBERS)) {
    throw fault(`proof is one object with exactly the members ${PROOF_MEMBERS.join(", ")}`, "/proof", code);
  }
  requireContext(
    proof["@context"],
    "the proof repeats the @context of the document",
    "/proof/@context",
    code,
  );
  if (proof["type"] !== "DataIntegrityProof") {
    throw fault("the type of a proof is DataIntegrityProof", "/proof/type", code);
  }
  if (proof["proofPurpose"] !== "assertionMethod") {
    throw fault("proofPurpose is assertionMethod", "/proof/proofPurpose", code);
  }
  const suite = proof["cryptosuite"];
  if (suite !== EDDSA && suite !== ECDSA) {
    throw fault(`cryptosuite is ${EDDSA} or ${ECDSA}`, "/proof/cryptosuite", code);
  }
  const method = proof["verificationMethod"];
  const keyId = typeof method === "string" && method.startsWith(issuer) ? method.slice(issuer.length) : "";
  if (!isKeyId(keyId)) {
    throw fault("verificationMethod is the issuer and a #fragment", "/proof/verificationMethod", code);
  }
  const signature = readSignature(proof["proofValue"], code);
  const created = readTime(proof["created"], "/proof/created", code);
  return { proof, created, suite, verificationMethod: issuer + keyId, keyId, signature };
}

function readSignature(value: Json | undefined, code: string): Bytes {
  try {
    const signature = base58btcDecode(typeof value === "string" ? value : "");
    if (signature.length === SIGNATURE_SIZE) {
      return signature;
    }
  } catch (error) {
    if (!isLedgerError(error)) {
      throw error;
    }
  }
  throw fault(`proofValue is base58btc of ${SIGNATURE_SIZE} bytes`, "/proof/proofValue", code);
}

function readTime(text: Json | undefined, pointer: string, code: string): number {
  try {
    return parseTime(typeof text === "string" ? text : "");
  } catch (error) {
    if (isLedgerError(error)) {
      throw fault(error.message, pointer, code);
    }
    throw error;
  }
}

function fault(required: string, pointer: string, code = "statement-malformed"): LedgerError {
  return malformed(`statement: ${required}`, code, pointer);
}
