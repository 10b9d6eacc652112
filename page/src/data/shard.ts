// The shard of a package name (CEP 16): its records, and the yanks that chaninfra keeps beside them.
import type { Build, Fault, Specs } from "../model";
import { count, fault, line, lines, webUrl } from "./faults";
import { entries, FormatError, hex, value } from "./msgpack";
import { unpacked } from "./shard_index";

export const MAX_SHARD = 64 << 20;
const MAX_KEYS = 1000;
const MAX_RECORDS = 100_000;
const MAX_FIELDS = 1000;
// Of names, versions, licences; and how many dependencies of how many characters.
const MAX_TEXT = 255;
const MAX_DEPENDS = 1000;
const MAX_DEPENDENCY = 500;
const MAX_REASON = 1000;
// The end of the year 9999 in seconds since 1970: conda takes a greater `timestamp` for one in milliseconds. No package is
// of a later time.
const LAST_SECOND = 253_402_300_799;
const SUFFIXES = [".conda", ".tar.bz2", ".whl"];
const FILE = /^(?!\.{1,2}$)[^/\x00-\x1f\x7f]{1,255}$/;
const REINDEX = "ask who runs the channel to run `chaninfra reindex --force`, which makes it again";

// How long the browser answers nobody, in ms, while a shard of very many records is read.
const TURN_MS = 50;

// A turn of work, after which the browser does what else it was asked for.
class Turn {
  #end = performance.now() + TURN_MS;

  get over(): boolean {
    return performance.now() > this.#end;
  }

  async next(): Promise<void> {
    await new Promise((done) => setTimeout(done));
    this.#end = performance.now() + TURN_MS;
  }
}

type Record = ReadonlyMap<string, Uint8Array>;

// Where the shard is from.
export interface Origin {
  readonly name: string;
  readonly subdir: string;
  readonly path: string;
  readonly packagesUrl: URL;
}

// The builds in the bytes of a shard, in no order, and what is left out. Throws FaultError.
export async function parseShard(data: Uint8Array, origin: Origin): Promise<{ builds: Build[]; faults: Fault[] }> {
  const plain = unpacked(data, MAX_SHARD, origin.path, REINDEX);
  try {
    return await read(plain, origin);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { builds: [], faults: [fault("damaged", origin.path, `it cannot be read: ${error.message}`, REINDEX)] };
  }
}

async function read(plain: Uint8Array, origin: Origin): Promise<{ builds: Build[]; faults: Fault[] }> {
  const document = entries(plain, MAX_KEYS);
  const turn = new Turn();
  const builds = new Map<string, Build>();
  let left = 0;
  for (const [table, packed] of tables(document)) {
    for (const [key, packedRecord] of entries(packed, MAX_RECORDS)) {
      if (turn.over) await turn.next();
      const build = built(origin, file(table, key), packedRecord, null);
      if (build) builds.set(build.file, build);
      else left += 1;
    }
  }
  for (const [yanked, packed] of yanks(document)) {
    if (builds.has(yanked)) continue;
    if (turn.over) await turn.next();
    const build = ofYank(origin, yanked, packed);
    if (build) builds.set(yanked, build);
    else left += 1;
  }
  const said = `${count(left)} of its packages cannot be read, and are left out`;
  return {
    builds: [...builds.values()],
    faults: left ? [fault("damaged", origin.path, said, REINDEX)] : [],
  };
}

// Table → its records; those below `v3` (CEP 48) as `v3.conda` and so on.
function* tables(document: Record): Generator<[string, Uint8Array]> {
  for (const table of ["packages", "packages.conda"]) {
    const packed = document.get(table);
    if (packed) yield [table, packed];
  }
  const v3 = document.get("v3");
  if (v3) for (const [suffix, packed] of entries(v3, MAX_KEYS)) yield [`v3.${suffix}`, packed];
}

function yanks(document: Record): Map<string, Uint8Array> {
  const ours = document.get("chaninfra");
  const packed = ours && entries(ours, MAX_KEYS).get("yanks");
  return packed ? entries(packed, MAX_RECORDS) : new Map();
}

// The keys below `v3` are file names without the suffix.
function file(table: string, key: string): string {
  const suffix = `.${table.slice("v3.".length)}`;
  return !table.startsWith("v3.") || key.endsWith(suffix) ? key : `${key}${suffix}`;
}

function ofYank(origin: Origin, name: string, packed: Uint8Array): Build | null {
  const yank = fields(packed);
  if (!yank) return null;
  const [reason, when] = [value(yank.get("reason")), value(yank.get("when"))];
  const yanked = {
    reason: typeof reason === "string" ? lines(reason, MAX_REASON) : null,
    when: typeof when === "string" && /^[0-9]{4}-[0-9TZ:.+-]{6,30}$/.test(when) ? when : "",
  };
  return (
    built(origin, name, yank.get("record"), yanked) ?? built(origin, name, undefined, yanked)
  );
}

// The build of a record; null where it has no valid file name, or is of another package. Without a record it is what
// the file name tells.
function built(origin: Origin, name: string, packed: Uint8Array | undefined, yanked: Build["yanked"]): Build | null {
  const record = packed ? fields(packed) : new Map<string, Uint8Array>();
  if (!record || !FILE.test(name)) return null;
  const said = partsOf(name);
  const [named, version, build] = [value(record.get("name")) ?? said.name, text(record, "version"), text(record, "build")];
  if (typeof named !== "string" || clientName(named) !== origin.name) return null;
  const noarch = value(record.get("noarch"));
  return {
    subdir: origin.subdir,
    file: name,
    url: urlOf(record, name, origin.packagesUrl),
    name: line(named, MAX_TEXT),
    version: version ?? line(said.version, MAX_TEXT),
    build: build ?? line(said.build, MAX_TEXT),
    buildNumber: integer(record, "build_number") ?? 0,
    size: integer(record, "size"),
    built: time(integer(record, "timestamp"), true),
    indexed: time(integer(record, "indexed_timestamp"), false),
    license: text(record, "license"),
    noarch: typeof noarch === "string" ? line(noarch, MAX_TEXT) : noarch === true ? "generic" : null,
    depends: packed ? specs(record, "depends") : null,
    constrains: packed ? specs(record, "constrains") : null,
    sha256: digest(record, "sha256"),
    signed: digest(record, "attestations_sha256") !== null,
    yanked,
  };
}

function fields(packed: Uint8Array): Map<string, Uint8Array> | null {
  try {
    return entries(packed, MAX_FIELDS);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

// A wheel may say where it is (rattler); all other packages are where the index says. A + stays %2B: Amazon S3 takes a +
// for a space.
function urlOf(record: Record, name: string, packages: URL): string {
  const said = name.endsWith(".whl") ? webUrl(value(record.get("url"))) : null;
  return said ?? new URL(encodeURIComponent(name), packages).href;
}

function partsOf(name: string): { name: string; version: string; build: string } {
  const suffix = SUFFIXES.find((each) => name.endsWith(each)) ?? "";
  const parts = name.slice(0, name.length - suffix.length).split("-");
  const build = parts.length > 2 ? (parts.pop() ?? "") : "";
  const version = parts.length > 1 ? (parts.pop() ?? "") : "";
  return { name: parts.join("-"), version, build };
}

// As clients look it up: only ASCII letters have a lower-case form here.
function clientName(name: string): string {
  return /^[\x00-\x7f]*$/.test(name) ? name.toLowerCase() : name;
}

function text(record: Record, key: string): string | null {
  const found = value(record.get(key));
  return typeof found === "string" && found !== "" ? line(found, MAX_TEXT) : null;
}

// A record that does not have the key has none of them.
function specs(record: Record, key: string): Specs | null {
  const packed = record.get(key);
  const found = packed === undefined ? [] : value(packed);
  if (!Array.isArray(found)) return null;
  const texts = found.filter((each) => typeof each === "string").slice(0, MAX_DEPENDS);
  return { count: found.length, shown: texts.map((each) => line(each, MAX_DEPENDENCY)) };
}

function integer(record: Record, key: string): number | null {
  const found = value(record.get(key));
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : null;
}

function time(number: number | null, perhapsSeconds: boolean): Date | null {
  if (!number) return null;
  const found = new Date(perhapsSeconds && number <= LAST_SECOND ? number * 1000 : number);
  return found.getTime() <= LAST_SECOND * 1000 ? found : null;
}

// Raw bytes, or hex as other tools and yanks have it.
function digest(record: Record, key: string): string | null {
  const found = value(record.get(key));
  if (found instanceof Uint8Array) return found.length === 32 ? hex(found) : null;
  return typeof found === "string" && /^[0-9a-f]{64}$/i.test(found) ? found.toLowerCase() : null;
}
