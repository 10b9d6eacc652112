// Decompression: what encoders write, and what somebody may write who wishes ill.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DamagedError, decompress, TooLargeError } from "../src/data/zstd";
import { cpuMs } from "./cpu";
import { DATA, file, packed } from "./serving";
import { block, frame, joined } from "./zstd_writer";

const MOST = 1 << 20;
const HELLO = new TextEncoder().encode("hello");

const text = decompress(file("zstd/text-1.zst"), MOST);
for (const name of readdirSync(join(DATA, "zstd")).filter((each) => each !== "bomb.zst")) {
  test(`reads ${name}, and needs all of it`, () => {
    const data = file(`zstd/${name}`);
    assert.equal(text.length, 300_000);
    assert.deepEqual(decompress(data, 300_000), text);
    assert.throws(() => decompress(data, 299_999), TooLargeError);
    for (const length of [0, 3, 5, 17, data.length >> 1, data.length - 1]) {
      assert.throws(() => decompress(data.subarray(0, length), MOST), DamagedError, String(length));
    }
    assert.throws(() => decompress(joined([data, HELLO]), MOST), DamagedError);
  });
}

test("flipped bytes never raise another error, and never make more than allowed", () => {
  const data = file("zstd/text-22.zst");
  for (let at = 0; at < data.length; at += 7) {
    const damaged = data.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x55;
    try {
      assert.ok(decompress(damaged, MOST).length <= MOST);
    } catch (error) {
      assert.ok(error instanceof DamagedError || error instanceof TooLargeError, `${at}: ${String(error)}`);
    }
  }
});

test("100 MiB in 3 kB are not unpacked", () => {
  const before = process.memoryUsage().arrayBuffers;
  assert.throws(() => decompress(file("zstd/bomb.zst"), MOST), TooLargeError);
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 << 20);
});

test("nor where the header promises nothing", () => {
  const zeros = (last: boolean) => block(1, 1 << 17, Uint8Array.of(0), last);
  const bomb = frame([...Array<Uint8Array>(1000).fill(zeros(false)), zeros(true)]);
  assert.throws(() => decompress(bomb, MOST), TooLargeError);
});

test("the promised size decides nothing", () => {
  assert.deepEqual(decompress(packed(HELLO), 5), HELLO);
  assert.deepEqual(decompress(packed(HELLO, { promised: null }), 5), HELLO);
  for (const promised of [4, 6, 2 ** 31, 2 ** 52]) {
    assert.throws(() => decompress(packed(HELLO, { promised }), MOST), DamagedError);
  }
});

test("a window of more than 128 MiB is refused, and one of that is not allocated", () => {
  const before = process.memoryUsage().arrayBuffers;
  assert.deepEqual(decompress(packed(HELLO, { window: 17, promised: null }), MOST), HELLO);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
  assert.throws(() => decompress(packed(HELLO, { window: 18, promised: null }), MOST), /128 MiB/);
});

test("a million blocks of nothing are too many", () => {
  const none = block(0, 0, new Uint8Array(), false);
  const began = cpuMs();
  const many = frame([...Array<Uint8Array>(1_000_000).fill(none), block(0, 0, new Uint8Array(), true)]);
  assert.throws(() => decompress(many, MOST), /too long/);
  assert.ok(cpuMs() - began < 5000);
});

test("what needs a dictionary, and what is not zstd", () => {
  const data = packed(HELLO);
  data[4] = 0b1100_0001;
  assert.throws(() => decompress(joined([data.subarray(0, 6), Uint8Array.of(7), data.subarray(6)]), MOST), /dictionary/);
  for (const other of [new Uint8Array(), HELLO, new TextEncoder().encode("<html>not here</html>")]) {
    assert.throws(() => decompress(other, MOST), DamagedError);
  }
});

// A block whose sequences say 98,000 times to copy 65,539 bytes: all that it says is in 12 bytes.
test("a block that copies more than a block has is damaged at once", () => {
  const literals = Uint8Array.of(8, 65); // One raw byte.
  const sequences = Uint8Array.of(255, 255, 255, 0b0101_0100, 1, 0, 52, 1);
  const body = joined([literals, sequences]);
  const began = cpuMs();
  assert.throws(() => decompress(frame([block(2, body.length, body, true)]), MOST), DamagedError);
  assert.ok(cpuMs() - began < 500);
});
