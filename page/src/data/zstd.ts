// Bounded decompression of zstd (RFC 8878). The frames are walked before a byte is decompressed: what a header promises
// decides nothing, but for the window, and that is no larger than the blocks can fill.
import { Decompress } from "fzstd";

const MAX_WINDOW = 1 << 27;
const MAX_BLOCK = 1 << 17;
const MAGIC = 0xfd2fb528;
// For each block the window is moved, and a block allocated: bytes of both in all. The largest index that is read, 64
// MiB in blocks of 128 KiB, takes half of it at a window of 16 MiB.
const MAX_WORK = 2 ** 34;

export class DamagedError extends Error {}
export class TooLargeError extends Error {}

interface Frame {
  // Where its blocks begin, and where it ends, with its checksum.
  readonly blocks: number;
  readonly end: number;
  readonly window: number;
  readonly promised: number | null;
  readonly hasChecksum: boolean;
  // Most bytes that its blocks can have, and how many they are.
  readonly bound: number;
  readonly count: number;
}

// The decompressed bytes. Raises DamagedError where `data` is not one or more whole frames, TooLargeError where they
// have more than `most` bytes; no more than `most` and a block are held.
export function decompress(data: Uint8Array, most: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  let work = 0;
  let frames = 0;
  for (let at = 0; at < data.length; ) {
    const skipped = skippable(data, at);
    if (skipped !== null) {
      at = skipped;
      work += MAX_BLOCK;
      if (work > MAX_WORK) throw new DamagedError("it has too many frames");
      continue;
    }
    const frame = frameAt(data, at);
    frames += 1;
    if (frame.promised !== null && frame.promised > frame.bound) throw new DamagedError("a frame promises too much");
    if (frame.promised !== null && size + frame.promised > most) throw new TooLargeError();
    // History before the first byte cannot be asked for, so a window larger than all blocks is of no use.
    const window = Math.max(1, Math.min(frame.window, frame.bound));
    work += (frame.count + 1) * Math.max(window, MAX_BLOCK);
    if (work > MAX_WORK) throw new DamagedError("it would take too long to decompress");
    const before = size;
    const stream = new Decompress((part) => {
      size += part.length;
      if (size > most) throw new TooLargeError();
      parts.push(part);
    });
    try {
      stream.push(header(window, frame.hasChecksum));
      stream.push(data.subarray(frame.blocks, frame.end), true);
    } catch (error) {
      // fzstd's errors, and those of arrays that are read past their end.
      throw error instanceof TooLargeError ? error : new DamagedError(String(error));
    }
    if (frame.promised !== null && size - before !== frame.promised) throw new DamagedError("a frame has another size");
    at = frame.end;
  }
  if (frames === 0) throw new DamagedError("it has no frame");
  return parts.length === 1 && parts[0] ? parts[0] : joined(parts, size);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// A header of one segment, of the size of the window: fzstd makes its buffer as large as this says.
function header(window: number, hasChecksum: boolean): Uint8Array {
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, 0b1010_0000 | (hasChecksum ? 4 : 0));
  view.setUint32(5, window, true);
  return bytes;
}

// The end of a skippable frame at this place; null: it is another one.
function skippable(data: Uint8Array, at: number): number | null {
  const magic = little(data, at, 4);
  if (magic < 0x184d2a50 || magic > 0x184d2a5f) return null;
  const end = at + 8 + little(data, at + 4, 4);
  if (end > data.length) throw new DamagedError("it ends too early");
  return end;
}

function frameAt(data: Uint8Array, start: number): Frame {
  if (little(data, start, 4) !== MAGIC) throw new DamagedError("it is not zstd");
  const flags = little(data, start + 4, 1);
  if (flags & 8) throw new DamagedError("its header has a reserved bit");
  const single = (flags & 32) !== 0;
  const idLength = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeFlag = flags >> 6;
  const sizeLength = sizeFlag ? 1 << sizeFlag : single ? 1 : 0;
  let at = start + 5;
  let window = 0;
  if (!single) {
    const descriptor = little(data, at, 1);
    at += 1;
    window = 2 ** (10 + (descriptor >> 3));
    window += (window / 8) * (descriptor & 7);
  }
  if (little(data, at, idLength) !== 0) throw new DamagedError("it needs a dictionary");
  at += idLength;
  const promised = sizeLength ? little(data, at, sizeLength) + (sizeFlag === 1 ? 256 : 0) : null;
  at += sizeLength;
  if (single) window = promised ?? 0;
  // Of one segment, the window is as large as the content: it is refused by that, see `decompress`.
  if (!single && window > MAX_WINDOW) throw new DamagedError("its window is larger than 128 MiB");
  const hasChecksum = (flags & 4) !== 0;
  const blocks = at;
  const most = Math.min(MAX_BLOCK, window);
  let bound = 0;
  let count = 0;
  for (let last = false; !last; ) {
    const block = little(data, at, 3);
    last = (block & 1) === 1;
    const type = (block >> 1) & 3;
    const size = block >> 3;
    if (type === 3 || size > most) throw new DamagedError("a block is damaged");
    at += 3 + (type === 1 ? 1 : size);
    bound += type === 2 ? most : size;
    count += 1;
  }
  const end = at + (hasChecksum ? 4 : 0);
  if (end > data.length) throw new DamagedError("it ends too early");
  return { blocks, end, window, promised, hasChecksum, bound, count };
}

// The number in these bytes, the lowest first; one of 8 bytes that is too large to be exact is large all the same.
function little(data: Uint8Array, at: number, length: number): number {
  if (at + length > data.length) throw new DamagedError("it ends too early");
  let number = 0;
  for (let index = length - 1; index >= 0; index--) number = number * 256 + (data[at + index] ?? 0);
  return number;
}
