// The files of a package in the order in which the page shows them, and what they depend on.
import type { Build } from "../model";

export interface Version {
  readonly version: string;
  readonly builds: readonly Build[];
  readonly subdirs: readonly Subdir[];
  // When its newest file was built, or came into the index.
  readonly newest: Date | null;
  // How many of its builds are yanked.
  readonly yanked: number;
  readonly signed: number;
}

export interface Subdir {
  readonly subdir: string;
  readonly builds: readonly Build[];
}

// Builds by version, in the order in which they come: newest version first.
export function versionsOf(builds: readonly Build[]): readonly Version[] {
  return grouped(builds, (build) => build.version).map(([version, its]) => ({
    version,
    builds: its,
    subdirs: grouped(its, (build) => build.subdir)
      .map(([subdir, those]) => ({ subdir, builds: those }))
      .sort((one, other) => (one.subdir < other.subdir ? -1 : 1)),
    newest: newest(its),
    yanked: its.filter((build) => build.yanked !== null).length,
    signed: its.filter((build) => build.signed).length,
  }));
}

// Whether none of its builds installs any more.
export function isYanked(version: Version): boolean {
  return version.yanked === version.builds.length;
}

// When a build was made, else when it came into the index.
export function dateOf(build: Build): Date | null {
  return build.built ?? build.indexed;
}

// Where a file can be downloaded: below the channel's public URL where there is one, since the page itself may be
// served from a place that has the index alone (`chaninfra browse`). `base` is the URL of the page's folder.
export function downloadUrl(url: string, base: string, publicUrl: string | null): string {
  if (publicUrl === null || !url.startsWith(base)) return url;
  return `${publicUrl.replace(/\/$/, "")}/${url.slice(base.length)}`;
}

// Whether the page, whose folder is `base`, is that of `chaninfra browse`: it comes from this machine, and is not where
// clients read the channel.
export function isBrowsed(base: string, publicUrl: string | null): boolean {
  return /^(?:127\.0\.0\.1|localhost)$/.test(new URL(base).hostname) && publicUrl?.replace(/\/$/, "") !== base.replace(/\/$/, "");
}

function newest(builds: readonly Build[]): Date | null {
  let found: Date | null = null;
  for (const build of builds) {
    const date = dateOf(build);
    if (date !== null && (found === null || date > found)) found = date;
  }
  return found;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups];
}

// The name that a match spec begins with, as channels have it, and what follows it. Without a name (a spec that names
// another channel, or a virtual package) `name` is null and `shown` empty.
export interface Spec {
  readonly name: string | null;
  readonly shown: string;
  readonly rest: string;
}

export function specOf(text: string): Spec {
  const found = /^([A-Za-z0-9_.-]+)(?![A-Za-z0-9_.:/-])/.exec(text);
  const shown = found?.[1] ?? "";
  if (shown === "" || shown.startsWith("__")) return { name: null, shown: "", rest: text };
  return { name: shown.toLowerCase(), shown, rest: text.slice(shown.length) };
}
