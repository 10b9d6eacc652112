// Bounded reading of msgpack. Maps are walked here, since their keys are those of anybody: `__proto__` is a name like
// another one. What a key has is decoded only where it is asked for.
import { Decoder } from "@msgpack/msgpack";

const MAX_DEPTH = 64;
// Of a value that is decoded whole.
const MAX_VALUE = 1 << 20;
const MAX_ITEMS = 20_000;

export class FormatError extends Error {}

const decoder = new Decoder({
  maxStrLength: MAX_VALUE,
  maxBinLength: MAX_VALUE,
  maxArrayLength: MAX_ITEMS,
  maxMapLength: MAX_ITEMS,
  maxExtLength: 0,
  keyDecoder: null,
});
const utf8 = new TextDecoder("utf-8", { fatal: true });
// Each byte is a character, so that a place in the bytes is one in the text; only what is ASCII is taken from it.
const latin1 = new TextDecoder("latin1");

// A value that is small; undefined where there is none, or it is none that a document may have here.
export function value(packed: Uint8Array | undefined): unknown {
  if (packed === undefined || packed.length > MAX_VALUE) return undefined;
  try {
    return decoder.decode(packed);
  } catch {
    return undefined;
  }
}

// Key → value as it is packed, of a map whose keys are texts. Raises FormatError for what is none, or more than `most`.
export function entries(packed: Uint8Array, most = MAX_ITEMS): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let [size, at] = mapHeader(packed, most);
  for (; size > 0; size--) {
    const [key, start] = textAt(packed, at);
    const end = skip(packed, start, 0);
    found.set(key, packed.subarray(start, end));
    at = end;
  }
  if (at !== packed.length) throw new FormatError("it has something after its end");
  return found;
}

// A map from names to digests of 32 bytes. The digests stay where they are.
export class Digests {
  readonly #places = new Map<string, number>();

  // Raises FormatError for what is no such map.
  constructor(
    private readonly packed: Uint8Array,
    most: number,
  ) {
    const text = latin1.decode(packed);
    let [size, at] = mapHeader(packed, most);
    for (; size > 0; size--) {
      const [start, end] = textBounds(packed, at);
      let ascii = true;
      for (let index = start; index < end; index++) ascii &&= (packed[index] ?? 0) < 128;
      const name = ascii ? text.slice(start, end) : decoded(packed.subarray(start, end));
      // A bin of 32 bytes.
      if (packed[end] !== 0xc4 || packed[end + 1] !== 32) throw new FormatError("a digest is damaged");
      this.#places.set(name, end + 2);
      at = end + 34;
    }
    if (at !== packed.length) throw new FormatError("the map of shards is damaged");
  }

  names(): string[] {
    return [...this.#places.keys()];
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  // In hex.
  get(name: string): string | null {
    const at = this.#places.get(name);
    return at === undefined ? null : hex(this.packed.subarray(at, at + 32));
  }
}

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function decoded(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new FormatError("a text is not UTF-8");
  }
}

function textAt(packed: Uint8Array, at: number): [string, number] {
  const [start, end] = textBounds(packed, at);
  return [decoded(packed.subarray(start, end)), end];
}

function textBounds(packed: Uint8Array, at: number): [number, number] {
  const head = packed[at] ?? 0;
  const length =
    head >= 0xa0 && head <= 0xbf
      ? head & 31
      : head === 0xd9
        ? big(packed, at + 1, 1)
        : head === 0xda
          ? big(packed, at + 1, 2)
          : head === 0xdb
            ? big(packed, at + 1, 4)
            : null;
  if (length === null) throw new FormatError("a key is no text");
  const start = at + 1 + (head <= 0xbf ? 0 : head === 0xd9 ? 1 : head === 0xda ? 2 : 4);
  if (start + length > packed.length) throw new FormatError("it ends too early");
  return [start, start + length];
}

function mapHeader(packed: Uint8Array, most: number): [number, number] {
  const head = packed[0] ?? 0;
  const found: [number, number] | null =
    (head & 0xf0) === 0x80
      ? [head & 15, 1]
      : head === 0xde
        ? [big(packed, 1, 2), 3]
        : head === 0xdf
          ? [big(packed, 1, 4), 5]
          : null;
  if (found === null) throw new FormatError("it is no map");
  if (found[0] > most) throw new FormatError(`it has more than ${most.toLocaleString("en-US")} keys`);
  return found;
}

// How many bytes the head of a value has after its first, for 0xc0 to 0xdf; and what these say: the number of bytes
// (b), values (v) or pairs (p) that follow; x: bytes, and one for the type.
const HEADS = "0 - 0 0 1b 2b 4b 1x 2x 4x 4 8 1 2 4 8 1 2 4 8 2 3 5 9 17 1b 2b 4b 2v 4v 2p 4p".split(" ").map((head) => ({
  bytes: head === "-" ? -1 : Number.parseInt(head, 10),
  says: head.replace(/[0-9]+/, ""),
}));

// The end of the value at this place.
function skip(packed: Uint8Array, at: number, depth: number): number {
  if (at >= packed.length) throw new FormatError("it ends too early");
  if (depth > MAX_DEPTH) throw new FormatError(`it is nested more than ${MAX_DEPTH} deep`);
  const head = packed[at] ?? 0;
  let end = at + 1;
  let values = 0;
  if (head >= 0x80 && head <= 0x8f) values = (head & 15) * 2;
  else if (head >= 0x90 && head <= 0x9f) values = head & 15;
  else if (head >= 0xa0 && head <= 0xbf) end += head & 31;
  else if (head >= 0xc0 && head <= 0xdf) {
    const { bytes, says } = HEADS[head - 0xc0] ?? { bytes: -1, says: "" };
    if (bytes < 0) throw new FormatError("it has a byte that begins no value");
    end += bytes;
    const said = says ? big(packed, at + 1, bytes) : 0;
    if (says === "b") end += said;
    else if (says === "x") end += said + 1;
    else values = says === "p" ? said * 2 : said;
  }
  for (; values > 0; values--) end = skip(packed, end, depth + 1);
  if (end > packed.length) throw new FormatError("it ends too early");
  return end;
}

function big(packed: Uint8Array, at: number, length: number): number {
  if (at + length > packed.length) throw new FormatError("it ends too early");
  let number = 0;
  for (let index = 0; index < length; index++) number = number * 256 + (packed[at + index] ?? 0);
  return number;
}
