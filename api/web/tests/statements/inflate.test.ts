/** The inflater against that of the platform: the same bytes of every stream in order, and nothing of any other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, crc32, deflateRawSync, gzipSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { gunzip } from "../../src/statements/inflate.ts";

const HEADER = [0x1f, 0x8b, 0x08, 0x00];
const STRATEGIES = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];

interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** What the platform makes of bytes, held to the same form: one stream, no flags, exactly that size. */
function platform(packed: Uint8Array, size: number): Uint8Array | null {
  if (HEADER.some((byte, index) => packed[index] !== byte)) return null;
  let found: Inflated;
  try {
    const how = { info: true, maxOutputLength: size + 1 };
    found = inflateRawSync(packed.subarray(10), how) as unknown as Inflated; // as `info` has it
  } catch {
    return null;
  }
  const trailer = Buffer.from(packed.subarray(10 + found.engine.bytesWritten));
  if (trailer.length !== 8 || found.buffer.length !== size) return null;
  const holds = trailer.readUInt32LE(0) === crc32(found.buffer) && trailer.readUInt32LE(4) === size;
  return holds ? Uint8Array.from(found.buffer) : null;
}

const pieces = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.nat(255), fc.nat(3000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(60))
    .map(([part, times]) => Uint8Array.from(Array.from({ length: times }, () => [...part]).flat())),
);
const data = fc
  .array(pieces, { maxLength: 5 })
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(...STRATEGIES),
  memLevel: fc.integer({ min: 1, max: 9 }),
});

test("what the platform packs, however it does, is unpacked", () => {
  fc.assert(
    fc.property(data, options, (bytes, how) => {
      assert.deepEqual(gunzip(gzipSync(bytes, how), bytes.length), bytes);
    }),
    { numRuns: 200 },
  );
});

test("a stream of another size is none", () => {
  const packed = gzipSync(new Uint8Array(1000));
  assert.equal(gunzip(packed, 999), null);
  assert.equal(gunzip(packed, 1001), null);
  assert.equal(gunzip(packed, 0), null);
  assert.deepEqual(gunzip(packed, 1000), new Uint8Array(1000));
});

test("what inflates without end is given up at the first byte too many", () => {
  const packed = gzipSync(new Uint8Array(20_000_000));
  const begun = process.cpuUsage().user;
  assert.equal(gunzip(packed, 16_384), null);
  assert.ok(process.cpuUsage().user - begun < 1_000_000);
});

test("bytes before, within or after a stream spoil it as they do for the platform", () => {
  fc.assert(
    fc.property(data, options, fc.nat(), fc.nat(255), fc.nat(2), (bytes, how, place, byte, kind) => {
      const packed = [...gzipSync(bytes, how)];
      const at = place % packed.length;
      if (kind === 0) packed[at] = byte;
      else if (kind === 1) packed.splice(at, 1);
      else packed.splice(at, 0, byte);
      const changed = Uint8Array.from(packed);
      assert.deepEqual(gunzip(changed, bytes.length), platform(changed, bytes.length));
    }),
    { numRuns: 1000 },
  );
});

test("whatever bytes stand after a header, no other error is thrown", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(600), (rest, size) => {
      const packed = Uint8Array.from([...HEADER, 0, 0, 0, 0, 0, 3, ...rest]);
      assert.deepEqual(gunzip(packed, size), platform(packed, size));
    }),
    { numRuns: 1000 },
  );
});

/** A stream around a body that is written by hand. */
function around(body: readonly number[], bytes: Uint8Array): Uint8Array {
  const whole = gzipSync(bytes);
  return Uint8Array.from([...HEADER, 0, 0, 0, 0, 0, 3, ...body, ...whole.subarray(-8)]);
}

test("a second stream, a byte after the stream, and no trailer are refused", () => {
  const bytes = Uint8Array.from([1, 2, 3]);
  const body = [...deflateRawSync(bytes)];
  assert.deepEqual(gunzip(around(body, bytes), 3), bytes);
  assert.equal(gunzip(Uint8Array.from([...around(body, bytes), 0]), 3), null);
  assert.equal(gunzip(Uint8Array.from([...around(body, bytes), ...gzipSync(new Uint8Array())]), 3), null);
  assert.equal(gunzip(around(body, bytes).subarray(0, -1), 3), null);
  assert.equal(gunzip(around(body, Uint8Array.from([1, 2, 4])), 3), null);
});

test("flags, another method and another magic number are refused", () => {
  const packed = gzipSync(new Uint8Array(8));
  for (const [place, byte] of [
    [0, 0x1e],
    [1, 0x8c],
    [2, 7],
    [3, 1],
    [3, 8],
    [3, 0x20],
  ] as const) {
    const changed = Uint8Array.from(packed);
    changed[place] = byte;
    assert.equal(gunzip(changed, 8), null);
  }
  assert.equal(gunzip(new Uint8Array(), 0), null);
});
