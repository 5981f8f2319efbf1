import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes, concat, equal, toEvm } from "../../src/core/bytes.ts";
import { isLedgerError } from "../../src/core/error.ts";
import { proveAccount, proveSlot } from "../../src/core/evm/account.ts";
import {
  CHECKPOINT_TYPE_HASH,
  checkpointDigest,
  DOMAIN_SEPARATOR,
  HEAD_TYPE_HASH,
  headDigest,
  headSlot,
  logId,
  rootAtSlot,
  setId,
} from "../../src/core/evm/anchor.ts";
import { verifyAttestations } from "../../src/core/evm/attesters.ts";
import { ATTESTED, checkSet, SEALED, setHash } from "../../src/core/evm/foreign.ts";
import { parseHeader } from "../../src/core/evm/header.ts";
import { parseReceipt, proveReceipt } from "../../src/core/evm/receipt.ts";
import { decode, encode, type Item, isBytes } from "../../src/core/evm/rlp.ts";
import { parseSealed, verifySeals } from "../../src/core/evm/seals.ts";
import { keccak256 } from "../../src/core/hashes.ts";
import { recover } from "../../src/core/secp256k1.ts";
import { epochOf, requireCurrent } from "../../src/core/trust/epochs.ts";
import { Signers } from "../../src/core/trust/values.ts";
import { codeOf, exact, outside, own, ownExact, parsed, unhex } from "../vectors.ts";

const all = (texts: readonly string[]): Bytes[] => texts.map((text) => unhex(text));

interface SignerSet {
  readonly members: string[];
  readonly organisations: string[];
  readonly threshold: number;
}
interface Claim {
  readonly originChainId: number;
  readonly genesisHash: string;
  readonly anchor: string;
  readonly logId: string;
  readonly size: number | string;
  readonly root: string;
  readonly blockHash: string;
  readonly blockNumber: number | string;
  readonly blockTime: number | string;
  readonly setId: string;
}
interface Signed {
  readonly digest: string;
  readonly signature: string;
  readonly signer: string;
}

function digestOf(claim: Claim, set = unhex(claim.setId)): Bytes {
  return checkpointDigest({
    originChainId: BigInt(claim.originChainId),
    genesis: unhex(claim.genesisHash),
    anchor: unhex(claim.anchor),
    logId: unhex(claim.logId),
    size: exact(claim.size),
    root: unhex(claim.root),
    blockHash: unhex(claim.blockHash),
    blockNumber: exact(claim.blockNumber),
    blockTime: exact(claim.blockTime),
    setId: set,
  });
}

test("signed structs have the digests and signers of the vectors", async () => {
  const vectors = own<{
    domainSeparator: string;
    headTypeHash: string;
    checkpointTypeHash: string;
    heads: (Signed & { origin: string; headKey: string; logId: string; size: number; root: string })[];
    checkpoints: (Signed & Claim)[];
    setIds: (SignerSet & { setId: string })[];
    refused: { digest: string; signature: string; why: string }[];
  }>("eip712.json");
  assert.equal(toEvm(DOMAIN_SEPARATOR), vectors.domainSeparator);
  assert.equal(toEvm(HEAD_TYPE_HASH), vectors.headTypeHash);
  assert.equal(toEvm(CHECKPOINT_TYPE_HASH), vectors.checkpointTypeHash);
  for (const row of vectors.heads) {
    const id = logId(row.origin, unhex(row.headKey));
    assert.equal(toEvm(id), row.logId);
    const digest = headDigest(id, row.size, unhex(row.root));
    assert.equal(toEvm(digest), row.digest);
    assert.equal(toEvm(recover(digest, unhex(row.signature))), row.signer);
  }
  for (const row of vectors.checkpoints) {
    assert.equal(toEvm(digestOf(row)), row.digest);
    assert.equal(toEvm(recover(digestOf(row), unhex(row.signature))), row.signer);
  }
  for (const row of vectors.setIds) {
    assert.equal(toEvm(setId(all(row.members), row.organisations, row.threshold)), row.setId);
  }
  for (const row of vectors.refused) {
    const code = await codeOf(() => recover(unhex(row.digest), unhex(row.signature)));
    assert.equal(code, row.why === "high s" ? "high-s" : "signature-invalid", row.why);
  }
});

test("storage slots are those of the vectors, up to the largest size", () => {
  type Slot = { logId: string; size: number | string; rootAtSlot: string; headSlot: string };
  for (const row of ownExact<Slot[]>("slots.json")) {
    assert.equal(toEvm(rootAtSlot(unhex(row.logId), exact(row.size))), row.rootAtSlot);
    assert.equal(toEvm(headSlot(unhex(row.logId))), row.headSlot);
  }
});

test("the contract takes no head signature that is not its key's", () => {
  const { calls } = own<{
    calls: {
      originHash: string;
      headKey: string;
      size: number;
      root: string;
      headSignature: string;
      expect: string;
    }[];
  }>("contract.json");
  for (const row of calls.filter(({ expect }) => expect === "ok" || expect === "BadSignature")) {
    const headKey = unhex(row.headKey);
    const id = keccak256(unhex(row.originHash), new Uint8Array(12), headKey);
    let isByKey = false;
    try {
      isByKey = equal(recover(headDigest(id, row.size, unhex(row.root)), unhex(row.headSignature)), headKey);
    } catch (error) {
      assert.ok(isLedgerError(error));
    }
    assert.equal(isByKey, row.expect === "ok");
  }
});

interface Chain {
  readonly header: string;
  readonly hash: string;
  readonly number: number;
  readonly time: number;
  readonly stateRoot: string;
  readonly receiptsRoot: string;
  readonly anchor: string;
  readonly codeHash: string;
  readonly account: string[];
  readonly absentAccount: { address: string; nodes: string[] };
  readonly storage: { name: string; slot: string; value: string; nodes: string[] }[];
  readonly receipts: { index: number; type: number; bytes: string; nodes: string[] }[];
}

test("a real block's account, slots and receipts are proven, and what is absent is proven absent", async () => {
  const chain = own<Chain>("evm.json");
  const header = parseHeader(unhex(chain.header));
  assert.deepEqual(
    [toEvm(header.hash), header.number, header.time, toEvm(header.stateRoot), toEvm(header.receiptsRoot)],
    [chain.hash, chain.number, chain.time, chain.stateRoot, chain.receiptsRoot],
  );
  const account = proveAccount(header.stateRoot, unhex(chain.anchor), all(chain.account));
  assert.equal(toEvm(account.codeHash), chain.codeHash);
  const { address, nodes } = chain.absentAccount;
  const absent = await codeOf(() => proveAccount(header.stateRoot, unhex(address), all(nodes)));
  assert.equal(absent, "account-absent");
  for (const row of chain.storage) {
    const held = proveSlot(account.storageRoot, unhex(row.slot), all(row.nodes));
    assert.equal(toEvm(held), row.value, row.name);
    const surplus = await codeOf(() =>
      proveSlot(account.storageRoot, unhex(row.slot), all([...row.nodes, ...row.nodes.slice(-1)])),
    );
    assert.equal(surplus, "proof-surplus");
    const short = await codeOf(() =>
      proveSlot(account.storageRoot, unhex(row.slot), all(row.nodes.slice(0, -1))),
    );
    assert.equal(short, "proof-truncated");
  }
  for (const row of chain.receipts) {
    const proven = proveReceipt(header.receiptsRoot, row.index, unhex(row.bytes), all(row.nodes));
    assert.equal(proven.type, row.type);
    assert.deepEqual(proven, parseReceipt(unhex(row.bytes)));
    const other = await codeOf(() =>
      proveReceipt(header.receiptsRoot, row.index, concat(unhex(row.bytes), bytes([0])), all(row.nodes)),
    );
    assert.equal(other, "proof-invalid");
  }
});

interface Row {
  readonly name: string;
  readonly valid: boolean;
  readonly error?: string;
}
const rowsOf = <T>(name: string): (Row & T)[] =>
  ownExact<{ rows: (Row & T)[] }>(`cross_chain/${name}.json`).rows;

test("sealed headers are judged as the vectors say", async () => {
  const rows = rowsOf<{
    header: string;
    trusted: string[];
    signers: string[];
    sealHash: string;
    blockHash: string;
  }>("sealed");
  assert.ok(rows.length > 100);
  for (const row of rows) {
    const judge = () => verifySeals(parseSealed(parseHeader(unhex(row.header))), all(row.trusted));
    assert.equal(await codeOf(judge), row.error, row.name);
    if (row.valid) {
      const sealed = parseSealed(parseHeader(unhex(row.header)));
      assert.deepEqual(judge().map(toEvm), row.signers, row.name);
      assert.deepEqual([toEvm(sealed.sealHash), toEvm(sealed.blockHash)], [row.sealHash, row.blockHash]);
    }
  }
});

test("states under sealed headers are judged as the vectors say", async () => {
  const rows = rowsOf<{
    header: string;
    anchor: string;
    codeHash: string;
    logId: string;
    size: number;
    account: string[];
    storage: string[];
    root: string;
  }>("state");
  for (const row of rows) {
    let found = "";
    const code = await codeOf(() => {
      const header = parseHeader(unhex(row.header));
      const account = proveAccount(header.stateRoot, unhex(row.anchor), all(row.account));
      if (toEvm(account.codeHash) !== row.codeHash) {
        found = "code-hash";
        return;
      }
      const held = proveSlot(account.storageRoot, rootAtSlot(unhex(row.logId), row.size), all(row.storage));
      found = held.every((byte) => byte === 0) ? "not-anchored" : toEvm(held);
    });
    // What the account and the slot hold is told by whoever asks; here by name.
    assert.equal(code ?? found, row.error ?? row.root, row.name);
  }
});

test("attestations are judged as the vectors say", async () => {
  const rows = rowsOf<{
    claim: Claim;
    set: SignerSet;
    signatures: string[];
    digest: string;
    organisations: number;
  }>("attested");
  for (const row of rows) {
    const { members, organisations, threshold } = row.set;
    const digest = digestOf(row.claim, setId(all(members), organisations, threshold));
    const judge = () =>
      verifyAttestations(digest, all(row.signatures), all(members), organisations, threshold);
    assert.equal(await codeOf(judge), row.error, row.name);
    if (row.valid) {
      assert.equal(toEvm(digest), row.digest, row.name);
      assert.equal(judge().organisations.length, row.organisations, row.name);
    }
  }
});

test("sets that a source may have, and no others, have the id of the vectors", async () => {
  // The contract wants members in order; here they are put in order.
  const rows = rowsOf<SignerSet & { kind: string; setHash: string }>("sets");
  for (const row of rows.filter(({ name }) => !name.includes("descending"))) {
    const kind = row.kind === "attested" ? ATTESTED : SEALED;
    const members = all(row.members);
    const code = await codeOf(() => {
      checkSet(kind, members, row.organisations, row.threshold);
    });
    assert.equal(code, row.error, row.name);
    if (row.valid) {
      assert.equal(toEvm(setHash(members, row.organisations, row.threshold)), row.setHash, row.name);
    }
  }
});

test("epochs of validators vouch for their own blocks alone", async () => {
  const rows = rowsOf<{
    epochs: { epoch: number; from: number; members: string[] }[];
    epoch: number;
    number: number | string;
    header: string;
  }>("epochs");
  for (const row of rows) {
    const sets = row.epochs.map(({ epoch, from, members }) => new Signers(epoch, from, 1, all(members), []));
    const signers = epochOf(sets, row.epoch);
    const code = await codeOf(() => {
      if (signers !== null) {
        requireCurrent(sets, signers, exact(row.number));
        verifySeals(parseSealed(parseHeader(unhex(row.header))), signers.members);
      }
    });
    assert.equal(signers === null ? "epoch-unknown" : code, row.error, row.name);
  }
});

interface Sealed {
  readonly name: string;
  readonly kind: string;
  readonly valid: boolean;
  readonly header_rlp: string;
  readonly block_hash: string;
  readonly seal_hash: string;
}

test("headers of QBFT and IBFT 2.0 that others made are judged as they say", async (t) => {
  const place = outside(t, "cross-chain");
  if (place === undefined) {
    return;
  }
  const file = parsed<{
    trusted_validators: string[];
    vectors: Sealed[];
    equivocation: { a: Sealed; b: Sealed; culprits: string[] };
  }>(place, "synthetic_sealed_headers.json");
  const trusted = all(file.trusted_validators);
  assert.ok(file.vectors.length > 20);
  for (const row of file.vectors) {
    const code = await codeOf(() => verifySeals(parseSealed(parseHeader(unhex(row.header_rlp))), trusted));
    if (row.kind === "ibft2") {
      assert.equal(
        code,
        row.name === "ibft2_bad_mixhash" ? "header-mix-hash" : "ibft2-unsupported",
        row.name,
      );
    } else {
      assert.equal(code === undefined, row.valid, row.name);
    }
    if (code === undefined) {
      const sealed = parseSealed(parseHeader(unhex(row.header_rlp)));
      assert.deepEqual([sealed.blockHash, sealed.sealHash], [unhex(row.block_hash), unhex(row.seal_hash)]);
    }
  }
  const [a, b] = [file.equivocation.a, file.equivocation.b].map((one) => parseHeader(unhex(one.header_rlp)));
  assert.ok(a !== undefined && b !== undefined);
  assert.equal(a.number, b.number);
  const culprits = [a, b].map((one) => verifySeals(parseSealed(one), trusted).map(toEvm));
  const both = culprits[0]?.filter((one) => culprits[1]?.includes(one));
  assert.deepEqual(both, [...file.equivocation.culprits].sort());
});

test("any RLP item is written and read back, and no other bytes are read", () => {
  const items = fc.letrec<{ item: Item }>((tie) => ({
    item: fc.oneof(
      { maxDepth: 6 },
      fc.uint8Array({ maxLength: 70 }).map((data) => bytes(data)),
      fc.array(tie("item"), { maxLength: 6 }),
    ),
  })).item;
  fc.assert(
    fc.property(items, fc.nat(), fc.nat(255), (item, place, byte) => {
      const data = encode(item);
      assert.deepEqual(encode(decode(data)), data);
      assert.equal(isBytes(decode(data)), isBytes(item));
      data[place % data.length] = byte;
      try {
        assert.deepEqual(encode(decode(data)), data);
      } catch (error) {
        assert.ok(isLedgerError(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("a list as long as RLP allows is read and written without running out of stack", () => {
  const length = (1 << 20) - 4;
  const data = concat(bytes([0xfa, length >> 16, (length >> 8) & 255, length & 255]), new Uint8Array(length));
  assert.equal(encode(decode(data)).length, 1 << 20);
});
