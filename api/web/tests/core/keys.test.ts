import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, concat, encodeUtf8, equal, fromUint256, toBigInt, toHex } from "../../src/core/bytes.ts";
import { computeEquation, isAcceptable, isBelowOrder } from "../../src/core/ed25519.ts";
import {
  checkEnrolmentKey,
  ECDSA,
  EDDSA,
  encodeMultikey,
  parseMultikey,
  type PublicKey,
  verify,
} from "../../src/core/keys.ts";
import { parseVkey } from "../../src/core/note.ts";
import { ORDER } from "../../src/core/p256.ts";
import { codeOf, outside, own, parsed, unhex } from "../vectors.ts";

interface Key {
  readonly public: string;
  readonly multikey: string;
}
interface Refused extends Key {
  readonly message?: string;
  readonly signatureThatTheCofactorlessEquationAccepts?: string;
}
interface Keys {
  readonly ed25519: Key[];
  readonly p256: Key[];
  readonly witnesses: { name: string; type: number; keyId: string; vkey: string }[];
  readonly refusedAtEnrolment: Refused[];
}
interface Cctv {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: string[] | null;
}
interface Group {
  readonly publicKey: { pk: string; uncompressed: string };
  readonly tests: { tcId: number; msg: string; sig: string; result: string }[];
}

const keys = own<Keys>("keys.json");
const verdicts = own<{
  cctvEd25519: { accepted: number[]; enrolled: string[] };
  wycheproofP256: { validButHighS: number[] };
}>("signature-verdicts.json");

async function accepts(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  return (await codeOf(() => verify(key, message, signature))) === undefined;
}

test("Multikeys are read and written as in the vectors", async () => {
  for (const [suite, rows] of [
    [EDDSA, keys.ed25519],
    [ECDSA, keys.p256],
  ] as const) {
    for (const row of rows) {
      const key = parseMultikey(row.multikey);
      assert.equal(key.suite, suite);
      assert.equal(toHex(key.raw), row.public);
      assert.equal(encodeMultikey(key), row.multikey);
      assert.equal(
        await codeOf(() => {
          checkEnrolmentKey(key);
        }),
        undefined,
      );
    }
  }
});

test("a Multikey of another base, alphabet, kind or length is refused", async () => {
  for (const [text, code] of [
    ["", "multibase-malformed"],
    ["f00", "multibase-malformed"],
    ["z0", "multibase-malformed"],
    [`z${"1".repeat(256)}`, "multibase-malformed"],
    ["z6Mk", "multikey-malformed"],
    ["z", "multikey-malformed"],
  ] as const) {
    assert.equal(await codeOf(() => parseMultikey(text)), code, text);
  }
});

test("every key of the vectors that must not be enrolled is refused, though the signature of one verifies", async () => {
  assert.equal(keys.refusedAtEnrolment.length, 5);
  for (const row of keys.refusedAtEnrolment) {
    const key = parseMultikey(row.multikey);
    assert.equal(
      await codeOf(() => {
        checkEnrolmentKey(key);
      }),
      "key-refused",
    );
  }
  const [outsider] = keys.refusedAtEnrolment;
  assert.ok(outsider?.message !== undefined);
  const signature = unhex(outsider.signatureThatTheCofactorlessEquationAccepts ?? "");
  const message = unhex(outsider.message);
  assert.ok(await accepts(parseMultikey(outsider.multikey), message, signature));
  assert.ok(computeEquation(unhex(outsider.public), message, signature));
});

test("witnesses' verification keys have the type and key id of the vectors", () => {
  for (const row of keys.witnesses) {
    const vkey = parseVkey(row.vkey);
    assert.deepEqual([vkey.name, vkey.type, toHex(vkey.keyId)], [row.name, row.type, row.keyId]);
  }
});

test("the bounds of encodings are told apart at their edges", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const p = 2n ** 255n - 19n;
  const little = (value: bigint) => fromUint256(value).reverse();
  assert.ok(isBelowOrder(little(order - 1n)));
  assert.ok(!isBelowOrder(little(order)));
  for (const y of [0n, 1n, p - 1n, p, p + 1n, 2n ** 255n - 1n]) {
    assert.ok(!isAcceptable(little(y)), String(y));
    assert.ok(!isAcceptable(little(y + 2n ** 255n)), String(y));
  }
  assert.ok(isAcceptable(little(2n)));
  assert.ok(isAcceptable(little(p - 2n + 2n ** 255n)));
});

test("the 914 edge cases are accepted exactly as the committed table says, on the platform and without it", async (t) => {
  const place = outside(t, "wycheproof");
  if (place === undefined) {
    return;
  }
  const rows = parsed<Cctv[]>(place, "cctv_ed25519/ed25519vectors.json");
  assert.equal(rows.length, 914);
  const accepted: number[] = [];
  for (const row of rows) {
    const [key, message, signature] = [unhex(row.key), encodeUtf8(row.msg), unhex(row.sig)];
    if (await accepts({ suite: EDDSA, raw: key }, message, signature)) {
      accepted.push(row.number);
    }
    // What the rule lets pass to the equation is judged alike by ours.
    if (
      isAcceptable(key) &&
      isAcceptable(signature.subarray(0, 32)) &&
      isBelowOrder(signature.subarray(32))
    ) {
      assert.equal(
        computeEquation(key, message, signature),
        accepted.at(-1) === row.number,
        String(row.number),
      );
    }
  }
  assert.deepEqual(accepted, verdicts.cctvEd25519.accepted);
  const enrolled: string[] = [];
  for (const key of new Set(rows.map((row) => row.key))) {
    const code = await codeOf(() => {
      checkEnrolmentKey({ suite: EDDSA, raw: unhex(key) });
    });
    if (code === undefined) {
      enrolled.push(key);
    }
  }
  assert.deepEqual(enrolled.sort(), verdicts.cctvEd25519.enrolled);
});

test("Wycheproof's Ed25519 verdicts hold", async (t) => {
  const place = outside(t, "wycheproof");
  if (place === undefined) {
    return;
  }
  for (const { publicKey, tests } of parsed<{ testGroups: Group[] }>(place, "ed25519_test.json").testGroups) {
    for (const row of tests) {
      const verdict = await accepts(
        { suite: EDDSA, raw: unhex(publicKey.pk) },
        unhex(row.msg),
        unhex(row.sig),
      );
      assert.equal(verdict, row.result === "valid", String(row.tcId));
    }
  }
});

test("Wycheproof's P-256 verdicts hold, but for the high s of the committed table", async (t) => {
  const place = outside(t, "wycheproof");
  if (place === undefined) {
    return;
  }
  const highS: number[] = [];
  const file = parsed<{ testGroups: Group[] }>(place, "ecdsa_secp256r1_sha256_p1363_test.json");
  for (const { publicKey, tests } of file.testGroups) {
    const point = unhex(publicKey.uncompressed);
    const raw = concat(Uint8Array.of(2 + (toBigInt(point) % 2n === 1n ? 1 : 0)), point.subarray(1, 33));
    const key = { suite: ECDSA, raw } as const;
    for (const row of tests) {
      const [message, signature] = [unhex(row.msg), unhex(row.sig)];
      const code = await codeOf(() => verify(key, message, signature));
      if (row.result === "valid" && code !== undefined) {
        assert.equal(code, "high-s", String(row.tcId));
        highS.push(row.tcId);
        const low = concat(signature.subarray(0, 32), fromUint256(ORDER - toBigInt(signature.subarray(32))));
        assert.ok((await accepts(key, message, low)) && !equal(low, signature));
      } else {
        assert.equal(code === undefined, row.result === "valid", String(row.tcId));
      }
    }
  }
  assert.deepEqual(highS, verdicts.wycheproofP256.validButHighS);
});
