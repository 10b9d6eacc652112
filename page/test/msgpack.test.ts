// Reading msgpack that may be hostile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { Digests, entries, FormatError, value } from "../src/data/msgpack";
import { joined } from "./zstd_writer";

const ODD = ["__proto__", "constructor", "toString", "hasOwnProperty", "naïve", "x".repeat(300), ""];

function text(content: string): Uint8Array {
  return encode(content);
}

function map(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  return joined([Uint8Array.of(0xde, pairs.length >> 8, pairs.length & 255), ...pairs.flat()]);
}

test("a key may have any name", () => {
  const packed = map(ODD.map((name, number) => [text(name), encode(number)]));
  const found = entries(packed);
  assert.deepEqual([...found.keys()], ODD);
  assert.deepEqual([...found.values()].map(value), [0, 1, 2, 3, 4, 5, 6]);
});

test("each kind of value ends where it ends", () => {
  const values = [null, true, 1, -1, 2 ** 40, 1.5, "a", "b".repeat(40), "c".repeat(70_000), [1, [2]], { a: { b: 1 } }];
  values.push(new Uint8Array(32) as never, Array(20).fill("x"), -(2 ** 40), 200, -200, 70_000);
  const found = entries(map(values.map((each, number) => [text(String(number)), encode(each)])));
  assert.deepEqual([...found.values()].map(value), values);
});

test("a map of digests takes names of any kind in any order, and gives hex; the last of equal ones counts", () => {
  const pairs = [...ODD, "constructor"].map((name, number) => [text(name), encode(new Uint8Array(32).fill(number))] as const);
  const packed = map(pairs);
  const found = new Digests(packed, 10);
  // A name of 300 characters is none of a file, and clients look names up in lower case.
  assert.deepEqual(found.names, ["", "__proto__", "constructor", "naïve"]);
  assert.equal(found.left, 3);
  assert.equal(found.get("constructor"), "07".repeat(32));
  assert.equal(found.get("naïve"), "04".repeat(32));
  assert.equal(found.get(""), "06".repeat(32));
  for (const name of ["valueOf", "toString", "a", "zzz", ODD[5] ?? ""]) assert.equal(found.get(name), null);
  assert.throws(() => new Digests(packed, 7), /more than 7 keys/);
});

test("each of many names is found", () => {
  const names = Array.from({ length: 1000 }, (_, number) => `n${number}`).sort();
  const found = new Digests(map(names.map((name) => [text(name), encode(new Uint8Array(32).fill(Number(name.slice(1)) & 255))])), 1000);
  assert.deepEqual(found.names, names);
  for (const name of names) assert.equal(found.get(name)?.slice(0, 2), (Number(name.slice(1)) & 255).toString(16).padStart(2, "0"));
});

const digest = encode(new Uint8Array(32));
for (const [what, packed] of Object.entries({
  "no map": encode([1]),
  nothing: new Uint8Array(),
  "a map of four billion": Uint8Array.of(0xdf, 255, 255, 255, 255),
  "a key that is no text": map([[encode(1), digest]]),
  "a text that is not UTF-8": map([[Uint8Array.of(0xa1, 0xff), digest]]),
  "a text that is too long": map([[Uint8Array.of(0xdb, 255, 255, 255, 255), digest]]),
  "a digest of 31 bytes": map([[text("a"), encode(new Uint8Array(31))]]),
  "more after its end": joined([map([[text("a"), digest]]), Uint8Array.of(0)]),
})) {
  test(`${what} is no map of digests`, () => assert.throws(() => new Digests(packed, 1000), FormatError));
}

test("arrays within arrays without an end are refused before anything is made of them", () => {
  const deep = joined([Uint8Array.of(0x81, 0xa1, 97), new Uint8Array(1_000_000).fill(0x91)]);
  assert.throws(() => entries(deep), /nested/);
  const wide = new Uint8Array(900_000);
  for (let at = 0; at < wide.length; at += 3) wide.set([0xdc, 0x4e, 0x20], at);
  assert.throws(() => entries(joined([Uint8Array.of(0x81, 0xa1, 97), wide])), FormatError);
});

test("a value that is too large, or of an odd kind, is none", () => {
  assert.equal(value(encode("x".repeat(2 << 20))), undefined);
  assert.equal(value(Uint8Array.of(0xd4, 1, 1)), undefined);
  assert.equal(value(undefined), undefined);
  assert.equal(value(joined([Uint8Array.of(0x81), text("__proto__"), encode(1)])), undefined);
});
