// Frames of zstd with raw blocks, as RFC 8878 has them: for tests that need one of any content.
const MAX_BLOCK = 1 << 17;

export interface Form {
  // The window as its descriptor has it: 2 ** (10 + window).
  readonly window?: number;
  // The size that the header says; null: none.
  readonly promised?: number | null;
}

export function zstdCompressSync(content: Uint8Array, form: Form = {}): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < content.length; at += MAX_BLOCK) {
    const part = content.subarray(at, at + MAX_BLOCK);
    blocks.push(block(0, part.length, part, at + MAX_BLOCK >= content.length));
  }
  return frame(blocks, { promised: content.length, ...form });
}

// A block of raw bytes (0), of one byte many times (1), or of compressed bytes (2).
export function block(type: 0 | 1 | 2, size: number, content: Uint8Array, last: boolean): Uint8Array {
  const head = (size << 3) | (type << 1) | (last ? 1 : 0);
  return joined([Uint8Array.of(head & 255, (head >> 8) & 255, head >> 16), content]);
}

export function frame(blocks: readonly Uint8Array[], { window = 10, promised = null }: Form = {}): Uint8Array {
  const head = new Uint8Array(promised === null ? 6 : 14);
  const view = new DataView(head.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  view.setUint8(4, promised === null ? 0 : 0b1100_0000);
  view.setUint8(5, window << 3);
  if (promised !== null) view.setBigUint64(6, BigInt(promised), true);
  return joined([head, ...blocks]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
