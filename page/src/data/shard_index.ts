// The shard index of a subdir (CEP 16): which names it has, and where their shards are.
import type { Descriptor, Fault, SubdirIndex } from "../model";
import { count, fail, fault, line } from "./faults";
import { Digests, entries, FormatError, hex, value } from "./msgpack";
import { DamagedError, decompress, TooLargeError } from "./zstd";

export const MAX_SHARD_INDEX = 32 << 20;
export const SHARD_INDEX = "repodata_shards.msgpack.zst";
const MAX_KEYS = 1000;
const REINDEX = "ask who runs the channel to run `chaninfra reindex --force`, which writes it again";
const ELSEWHERE = "ask who runs the channel to run `chaninfra doctor`, which says what other tools wrote";

export interface ShardIndex extends SubdirIndex {
  readonly digests: Digests;
  readonly shardsUrl: URL;
  readonly packagesUrl: URL;
  // What is left out.
  readonly faults: readonly Fault[];
}

// Of which subdir a shard index is, and where it and the folder of the channel are.
export interface Place {
  readonly subdir: string;
  readonly path: string;
  readonly url: URL;
  readonly base: URL;
  readonly descriptor: Descriptor;
}

// The shard index in these bytes, of at most `most` names. Throws FaultError.
export async function parseShardIndex(data: Uint8Array, place: Place, most: number): Promise<ShardIndex> {
  const { subdir, path } = place;
  const plain = unpacked(data, MAX_SHARD_INDEX, path, REINDEX);
  try {
    const document = entries(plain, MAX_KEYS);
    const version = value(document.get("version")) ?? 1;
    if (typeof version === "number" && version > 1) {
      fail(
        "damaged",
        path,
        `version ${count(version)} of the shard index is newer than this page`,
        "ask who runs the channel to run `pulumi up` with the newest chaninfra, which puts the page of that version",
      );
    }
    const info = entries(document.get("info") ?? new Uint8Array(), MAX_KEYS);
    const shards = document.get("shards");
    if (shards === undefined) throw new FormatError("it has no shards");
    const digests = new Digests(shards, most);
    const { names, left } = digests;
    return {
      subdir,
      names,
      count: await recordsOf(document.get("chaninfra"), shards),
      created: date(value(info.get("created_at"))),
      digests,
      shardsUrl: shardsAt(value(info.get("shards_base_url")), place),
      packagesUrl: packagesAt(value(info.get("base_url")), place),
      faults: left
        ? [fault("damaged", path, `${count(left)} of its names are none that a client asks for, and are left out`, ELSEWHERE)]
        : [],
    };
  } catch (error) {
    if (error instanceof FormatError) fail("damaged", path, `it cannot be read: ${error.message}`, REINDEX);
    throw error;
  }
}

// The decompressed bytes of a file. Throws FaultError.
export function unpacked(data: Uint8Array, most: number, path: string, remedy: string): Uint8Array {
  try {
    return decompress(data, most);
  } catch (error) {
    if (error instanceof TooLargeError) {
      fail("too-large", path, `it has more than ${count(most)} bytes when it is decompressed`, remedy);
    }
    if (error instanceof DamagedError) fail("damaged", path, `it cannot be decompressed: ${error.message}`, remedy);
    throw error;
  }
}

// The sha256 in hex; null where the browser has none to give, as on a page by http.
export async function sha256(data: Uint8Array): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>)));
}

// The number of records in the commit stamp; null where there is none, or another tool has written the map since.
async function recordsOf(packed: Uint8Array | undefined, shards: Uint8Array): Promise<number | null> {
  if (packed === undefined) return null;
  try {
    const stamp = entries(packed, MAX_KEYS);
    const [records, checksum] = [value(stamp.get("count")), value(stamp.get("checksum"))];
    if (typeof records !== "number" || !Number.isSafeInteger(records) || records < 0) return null;
    const found = await sha256(shards);
    return found === null || found.slice(0, 32) === checksum ? records : null;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function date(text: unknown): Date | null {
  if (typeof text !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,20}(?:Z|[+-][0-9]{2}:[0-9]{2})$/.test(text)) return null;
  const found = new Date(text);
  return Number.isNaN(found.getTime()) ? null : found;
}

// What a `base_url` means as seen from a file of the index, with a slash at the end. URLs of the channel itself are
// those of the page: it is perhaps read elsewhere, by `chaninfra browse`.
function resolved(text: unknown, { url, base, descriptor }: Place): URL | null {
  if (text === undefined || text === null || text === "") return new URL("./", url);
  if (typeof text !== "string" || text.length > 2000) return null;
  const slashed = text.endsWith("/") ? text : `${text}/`;
  for (const own of [descriptor["public-url"], descriptor.url]) {
    const start = own === null ? null : `${own.replace(/\/+$/, "")}/`;
    if (start !== null && slashed.startsWith(start)) return onWeb(`./${slashed.slice(start.length)}`, base);
  }
  return onWeb(slashed, url);
}

function onWeb(text: string, from: URL): URL | null {
  try {
    const found = new URL(text, from);
    return /^https?:$/.test(found.protocol) && !found.username && !found.search && !found.hash ? found : null;
  } catch {
    return null;
  }
}

function shardsAt(text: unknown, place: Place): URL {
  const found = resolved(text, place);
  if (found && found.origin === place.base.origin && found.pathname.startsWith(place.base.pathname)) return found;
  const said = `it says that its shards are at ${line(String(text), 200)}, outside the channel`;
  fail("damaged", place.path, `${said}, and the page reads nothing there`, ELSEWHERE);
}

function packagesAt(text: unknown, place: Place): URL {
  const found = resolved(text, place);
  if (found) return found;
  const said = `it says that its packages are at ${line(String(text), 200)}`;
  fail("damaged", place.path, `${said}, which is no URL of the web`, ELSEWHERE);
}
