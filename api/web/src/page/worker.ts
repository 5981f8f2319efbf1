/**
 * The worker: the verifier, away from the page that shows what it finds.
 *
 * Files are read here, in pieces where they are large, and never leave it.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "../core/bytes.ts";
import { LedgerError } from "../core/error.ts";
import { parseTrustList, type TrustList } from "../core/trust/index.ts";
import { kindOf } from "../verify/bundle.ts";
import { fileReportJson, isWrongUse, verifyFile } from "../verify/file.ts";
import { type Check, STEPS } from "../verify/report.ts";
import { type Openings, parseOpenings } from "../core/commitment.ts";
import { formatTime } from "../core/times.ts";
import { subjectShown } from "./subject.ts";
import {
  type Ask,
  type ForkShown,
  type Kind,
  LIMITS,
  type Question,
  type ReportShown,
  type Told,
} from "./protocol.ts";

/** Bytes of a file that are hashed at a time. */
const PIECE = 4 << 20;
/** Bytes that tell what a file is. */
const HEAD = 4096;

const tell = (told: Told): void => {
  self.postMessage(told);
};

/** A refusal that names the file it is about. */
class FileRefused extends Error {
  readonly what: "evidence" | "trust" | "file";
  readonly file: string;
  readonly code: string;

  constructor(what: "evidence" | "trust" | "file", file: string, code: string, detail: string) {
    super(detail);
    this.what = what;
    this.file = file;
    this.code = code;
  }
}

/** The bytes of a file of at most `limit`; a larger one is refused before it is read. */
async function read(file: File, limit: number, what: "evidence" | "trust" | "file"): Promise<Bytes> {
  if (file.size > limit) {
    throw new FileRefused(
      what,
      file.name,
      "too-large",
      `the file has ${file.size} bytes; at most ${limit} are allowed`,
    );
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new FileRefused(what, file.name, "file-unreadable", "the file cannot be read");
  }
}

/** What a file is, from its beginning alone. */
async function kind(file: File): Promise<Kind> {
  let head: Bytes;
  try {
    head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  } catch {
    throw new FileRefused("file", file.name, "file-unreadable", "the file cannot be read");
  }
  const text = new TextDecoder().decode(head);
  if (text.startsWith('{"format":"evidence-bundle/')) return "bundle";
  if (text.startsWith('{"format":"evidence-openings/')) return "openings";
  if (text.startsWith('{"authorities":')) return "trust";
  const told = kindOf(head);
  return told === "bundle" ? "other" : told;
}

async function trustOf(file: File): Promise<TrustList> {
  const bytes = await read(file, LIMITS.trust, "trust");
  try {
    return await parseTrustList(bytes);
  } catch (error) {
    if (error instanceof LedgerError) throw new FileRefused("trust", file.name, error.code, error.message);
    throw error;
  }
}

/** The SHA-256 of a file, read in pieces, with its progress told. */
async function digestOf(id: number, file: File): Promise<Bytes> {
  const hash = sha256.create();
  for (let done = 0; done < file.size; done += PIECE) {
    tell({ told: "progress", id, name: file.name, done, total: file.size });
    let piece: ArrayBuffer;
    try {
      piece = await file.slice(done, done + PIECE).arrayBuffer();
    } catch {
      throw new FileRefused("file", file.name, "file-unreadable", "the file cannot be read");
    }
    hash.update(new Uint8Array(piece));
  }
  tell({ told: "progress", id, name: file.name, done: file.size, total: file.size });
  return hash.digest();
}

async function verify(id: number, question: Question): Promise<void> {
  const trust = await trustOf(question.trust);
  const bytes = await read(question.evidence, LIMITS.bundle, "evidence");
  const hashes: [string, string][] = [[question.evidence.name, toHex(sha256(bytes))]];
  const files = question.contents.map(([name, file]) => ({
    name,
    size: file.size,
    sha256: async () => {
      const digest = await digestOf(id, file);
      hashes.push([file.name, toHex(digest)]);
      return digest;
    },
  }));
  const asked = {
    now: question.now,
    content: { files, openings: await openingsOf(question.openings) },
    statement:
      question.statement === undefined ? null : await read(question.statement, LIMITS.statement, "file"),
    into: question.into ?? null,
    at: question.at ?? null,
    requireNow: question.today,
    onStep: (check: Check) => {
      tell({ told: "step", id, check: { ...check, name: STEPS.get(check.step) ?? "" } });
    },
  };
  if (isWrongUse(kindOf(bytes), asked)) {
    const detail = "a fork proof answers nothing that is asked of evidence";
    throw new FileRefused("evidence", question.evidence.name, "wrong-use", detail);
  }
  const report = fileReportJson(await verifyFile(bytes, trust, asked)) as unknown as ReportShown | ForkShown;
  const subject = subjectShown(bytes);
  tell({ told: "report", id, report, hashes, ...(subject === undefined ? {} : { subject }) });
}

async function openingsOf(file: File | undefined): Promise<Openings | null> {
  return file === undefined ? null : parseOpenings(await read(file, LIMITS.openings, "file"));
}

async function answer(ask: Ask): Promise<void> {
  switch (ask.ask) {
    case "kind":
      tell({ told: "kind", id: ask.id, kind: await kind(ask.file) });
      return;
    case "trust": {
      const trust = await trustOf(ask.file);
      tell({
        told: "trust",
        id: ask.id,
        trust: {
          publisher: trust.publisher.id,
          version: trust.version,
          issued: formatTime(trust.issued),
          nextUpdate: formatTime(trust.nextUpdate),
          listHash: toHex(trust.listHash),
        },
      });
      return;
    }
    case "verify":
      await verify(ask.id, ask.question);
  }
}

self.addEventListener("message", (event: MessageEvent<Ask>) => {
  const ask = event.data;
  answer(ask).catch((error: unknown) => {
    if (error instanceof FileRefused) {
      tell({
        told: "refused",
        id: ask.id,
        what: error.what,
        name: error.file,
        code: error.code,
        detail: error.message,
      });
    } else {
      const code = error instanceof LedgerError ? error.code : "stopped";
      const detail = error instanceof Error ? error.message : String(error);
      tell({ told: "refused", id: ask.id, what: "file", name: "", code, detail });
    }
  });
});
