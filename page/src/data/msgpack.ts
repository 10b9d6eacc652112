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

// Longest name that a file can have.
const MAX_NAME = 255;

// A map from package names to digests of 32 bytes. The digests stay where they are.
export class Digests {
  // Sorted, each once.
  readonly names: readonly string[];
  // How many names no client asks for: too long, or with a slash, control characters, or capitals, since clients look
  // names up in lower case.
  readonly left: number;
  // Where the digest of each name begins.
  readonly #places: readonly number[];

  // Raises FormatError for what is no such map.
  constructor(
    private readonly packed: Uint8Array,
    most: number,
  ) {
    const text = latin1.decode(packed);
    const names: string[] = [];
    const places: number[] = [];
    let left = 0;
    let sorted = true;
    let last = "";
    let [size, at] = mapHeader(packed, most);
    for (; size > 0; size--) {
      const head = packed[at] ?? 0;
      const length = textLength(packed, at);
      const start = at + 1 + (head <= 0xbf ? 0 : 1 << (head - 0xd9));
      const end = start + length;
      // A bin of 32 bytes.
      if (packed[end] !== 0xc4 || packed[end + 1] !== 32) throw new FormatError("a digest is damaged");
      let ascii = true;
      let usual = length <= MAX_NAME;
      for (let index = start; index < end; index++) {
        const byte = packed[index] ?? 0;
        if (byte >= 128) ascii = false;
        else if (byte < 32 || byte === 47 || byte === 127 || (byte >= 65 && byte <= 90)) usual = false;
      }
      const name = ascii ? text.slice(start, end) : decoded(packed.subarray(start, end));
      if (usual) {
        sorted &&= names.length === 0 || last < name;
        last = name;
        names.push(name);
        places.push(end + 2);
      } else left += 1;
      at = end + 34;
    }
    if (at !== packed.length) throw new FormatError("the map of shards is damaged");
    if (!sorted) {
      // The last of equal names counts, as for whoever makes a dictionary of the map.
      const place = new Map(names.map((name, index) => [name, places[index] ?? 0]));
      names.splice(0, names.length, ...[...place.keys()].sort());
      places.splice(0, places.length, ...names.map((name) => place.get(name) ?? 0));
    }
    this.names = names;
    this.left = left;
    this.#places = places;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  // In hex; null where it has no such name.
  get(name: string): string | null {
    let [first, after] = [0, this.names.length];
    while (first < after) {
      const middle = (first + after) >> 1;
      if ((this.names[middle] ?? "") < name) first = middle + 1;
      else after = middle;
    }
    const at = this.#places[first];
    return at === undefined || this.names[first] !== name ? null : hex(this.packed.subarray(at, at + 32));
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
  const head = packed[at] ?? 0;
  const length = textLength(packed, at);
  const start = at + 1 + (head <= 0xbf ? 0 : 1 << (head - 0xd9));
  return [decoded(packed.subarray(start, start + length)), start + length];
}

// The bytes of the text at this place, which are all there.
function textLength(packed: Uint8Array, at: number): number {
  const head = packed[at] ?? 0;
  const short = head >= 0xa0 && head <= 0xbf;
  if (!short && (head < 0xd9 || head > 0xdb)) throw new FormatError("a key is no text");
  const bytes = short ? 0 : 1 << (head - 0xd9);
  const length = short ? head & 31 : big(packed, at + 1, bytes);
  if (at + 1 + bytes + length > packed.length) throw new FormatError("it ends too early");
  return length;
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
