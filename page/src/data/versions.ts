// The order of versions of conda packages, as conda and rattler compare them
// (https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html#version-ordering).
import type { Build } from "../model";

// A run of digits, or of other characters. `dev` is before all others, `post` after all numbers.
type Part = bigint | string;
const DEV = "";
const POST = "post";
const MAX_LENGTH = 256;

export interface Version {
  readonly epoch: bigint;
  readonly release: readonly (readonly Part[])[];
  readonly local: readonly (readonly Part[])[];
  // As it is written; for what is no version, the only thing to compare.
  readonly text: string;
  readonly isVersion: boolean;
}

export function parseVersion(text: string): Version {
  const none = { epoch: 0n, release: [], local: [], text, isVersion: false };
  let version = text.trim().toLowerCase();
  if (version.length > MAX_LENGTH) return none;
  if (version.includes("-") && !version.includes("_")) version = version.replaceAll("-", "_");
  const match = /^(?:([0-9]+)!)?([0-9a-z._*]+)(?:\+([0-9a-z._*]+))?$/.exec(version);
  if (!match) return none;
  const release = components(match[2] ?? "");
  const local = match[3] === undefined ? [] : components(match[3]);
  if (!release || !local) return none;
  return { epoch: BigInt(match[1] ?? "0"), release, local, text, isVersion: true };
}

// The parts of each component; null where one is empty. An underscore at the end belongs to the last one, as openssl's
// versions have it.
function components(text: string): Part[][] | null {
  const last = text.endsWith("_") ? "_" : "";
  const texts = text.slice(0, text.length - last.length).replaceAll("_", ".").split(".");
  texts[texts.length - 1] += last;
  if (texts.some((each) => each === "")) return null;
  return texts.map((each) => {
    const parts = (each.match(/[0-9]+|\*+|[^0-9*]+/g) ?? []).map((part): Part => {
      if (/^[0-9]/.test(part)) return BigInt(part);
      return part === "dev" ? DEV : part;
    });
    // Numbers are compared with numbers: a component that begins with letters has a 0 before them.
    return typeof parts[0] === "bigint" ? parts : [0n, ...parts];
  });
}

// Less than 0 where a is before b. What is no version is before all that are, by its text.
export function compareVersions(a: Version, b: Version): number {
  if (!a.isVersion || !b.isVersion) {
    return Number(a.isVersion) - Number(b.isVersion) || Number(a.text > b.text) - Number(a.text < b.text);
  }
  return comparePart(a.epoch, b.epoch) || compareAll(a.release, b.release) || compareAll(a.local, b.local);
}

function compareAll(a: Version["release"], b: Version["release"]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [left, right] = [a[index] ?? [], b[index] ?? []];
    for (let part = 0; part < Math.max(left.length, right.length); part++) {
      const order = comparePart(left[part] ?? 0n, right[part] ?? 0n);
      if (order) return order;
    }
  }
  return 0;
}

function comparePart(a: Part, b: Part): number {
  if (a === b) return 0;
  if (a === POST || b === POST) return a === POST ? 1 : -1;
  if (typeof a !== typeof b) return typeof a === "string" ? -1 : 1;
  return a < b ? -1 : 1;
}

// Newest version first; of a version the highest build number first, then the newest.
export function newestFirst(builds: readonly Build[]): Build[] {
  const versions = new Map<string, Version>();
  for (const { version } of builds) if (!versions.has(version)) versions.set(version, parseVersion(version));
  const none = parseVersion("");
  const versionOf = (build: Build) => versions.get(build.version) ?? none;
  const text = (a: string, b: string) => Number(a > b) - Number(a < b);
  return [...builds].sort(
    (a, b) =>
      compareVersions(versionOf(b), versionOf(a)) ||
      b.buildNumber - a.buildNumber ||
      (b.built?.getTime() ?? 0) - (a.built?.getTime() ?? 0) ||
      text(a.subdir, b.subdir) ||
      text(a.file, b.file),
  );
}
