// The documents beside the index: summaries of packages, notices (CEP 6), and the list of the snapshots.
import type { Notice, Snapshot, Summary } from "../model";
import { isObject, jsonObject } from "./descriptor";
import { line, lines, webUrl } from "./faults";

export const NOTICES_JSON = "notices.json";
export const MAX_NOTICES = 1 << 20;
const MOST_NOTICES = 50;
const MAX_MESSAGE = 1000;
export const SNAPSHOTS_JSON = "snapshots/index.json";
export const MAX_SNAPSHOTS = 8 << 20;
const MOST_SNAPSHOTS = 1000;
const SNAPSHOT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
export const MAX_SUMMARY = 32 << 10;
const MAX_TEXT = 4000;
const MOST_URLS = 8;
const NAME = /^[a-z0-9_][a-z0-9._-]{0,127}$/;

export function isSnapshotName(name: string): boolean {
  return SNAPSHOT.test(name);
}

// Where the summary of a name is in a subdir; null for a name that has none.
export function summaryPath(subdir: string, name: string): string | null {
  return NAME.test(name) ? `${subdir}/summaries/${name}.json` : null;
}

// A summary, and of which file it is.
export interface Said {
  readonly summary: Summary;
  readonly version: string;
  readonly buildNumber: number;
  readonly timestamp: number;
}

// The summary in the bytes of a file; null if they are none: nobody needs it.
export function parseSummary(data: Uint8Array): Said | null {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    return null;
  }
  if (!isObject(document)) return null;
  const text = (key: string) => {
    const found = document[key];
    return typeof found === "string" && found !== "" ? lines(found, MAX_TEXT) : null;
  };
  const urls = (key: string) => {
    const found = document[key];
    const all = Array.isArray(found) ? found.slice(0, MOST_URLS).map(webUrl) : [];
    return all.filter((each) => each !== null);
  };
  const number = (key: string) => {
    const found = document[key];
    return typeof found === "number" ? found : 0;
  };
  return {
    summary: {
      summary: text("summary"),
      description: text("description"),
      license: text("license"),
      home: urls("home"),
      documentation: urls("documentation"),
      source: urls("source"),
    },
    version: text("version") ?? "",
    buildNumber: number("build-number"),
    timestamp: number("timestamp"),
  };
}

// The notices that have not expired at this time. Throws FaultError.
export function parseNotices(data: Uint8Array, now: Date): Notice[] {
  const remedy = "ask who runs the channel to run `chaninfra notice ls`, which says how to mend it";
  const all = jsonObject(data, NOTICES_JSON, remedy)["notices"];
  if (!Array.isArray(all)) return [];
  const found: Notice[] = [];
  for (const each of all) {
    if (!isObject(each) || found.length === MOST_NOTICES) continue;
    const { id, message, level, created_at: created } = each;
    if (typeof message !== "string" || isExpired(each["expires_at"] ?? each["expired_at"], now)) continue;
    found.push({
      id: typeof id === "string" ? line(id, 64) : "",
      level: level === "warning" || level === "critical" ? level : "info",
      message: lines(message, MAX_MESSAGE),
      created: typeof created === "string" ? line(created, 40) : null,
    });
  }
  return found;
}

// Never, where it says no time that can be read. A time without a zone is one of UTC.
function isExpired(text: unknown, now: Date): boolean {
  if (typeof text !== "string") return false;
  const match = /^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9:.]{5,20})(Z|[+-][0-9]{2}:?[0-9]{2})?)?$/.exec(text);
  if (!match) return false;
  const until = Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  return until <= now.getTime();
}

// How many snapshots are whole, and the latest of them, that of the latest time first. Throws FaultError.
export function parseSnapshots(data: Uint8Array): { count: number; list: Snapshot[] } {
  const remedy = "ask who runs the channel to run `chaninfra snapshot ls`, which says how to mend it";
  const all = jsonObject(data, SNAPSHOTS_JSON, remedy)["snapshots"];
  const found: Snapshot[] = [];
  for (const [name, each] of isObject(all) ? Object.entries(all) : []) {
    if (!isObject(each) || !isSnapshotName(name) || (each["stage"] ?? "ready") !== "ready") continue;
    const { at, created } = each;
    if (typeof at !== "string" || !TIME.test(at) || typeof created !== "string" || !TIME.test(created)) continue;
    found.push({ name, at, created });
  }
  found.sort((a, b) => Number(a.at < b.at) - Number(a.at > b.at) || Number(a.name > b.name) - Number(a.name < b.name));
  return { count: found.length, list: found.slice(0, MOST_SNAPSHOTS) };
}

// Subdir → number of records, of a snapshot. Throws FaultError.
export function parseCounts(data: Uint8Array, snapshot: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const all = jsonObject(data, SNAPSHOTS_JSON, "")["snapshots"];
  const one = isObject(all) && Object.hasOwn(all, snapshot) ? all[snapshot] : null;
  const subdirs = isObject(one) ? one["subdirs"] : null;
  for (const [subdir, state] of isObject(subdirs) ? Object.entries(subdirs) : []) {
    const packages = isObject(state) ? state["packages"] : null;
    if (typeof packages === "number" && Number.isSafeInteger(packages) && packages >= 0) found.set(subdir, packages);
  }
  return found;
}
