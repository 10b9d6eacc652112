// What the page knows of a channel. `data/` makes these of the files in the bucket, which are input and may be hostile:
// every text in them is shown as text, every URL was checked to begin with https:// or http://.

// channel.json, as far as the page reads it; the keys are those of schemas/channel.schema.json.
export interface Descriptor {
  readonly name: string;
  readonly provider: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly url: string;
  readonly "public-url": string | null;
  readonly "endpoint-url": string;
  readonly region: string;
  readonly "force-path-style": boolean;
  readonly visibility: "private" | "organization" | "public";
  readonly auth: "aws" | "pixi" | "public";
  readonly subdirs: readonly string[];
  readonly index: { readonly monolith: unknown };
}

// The shard index of a subdir (CEP 16).
export interface SubdirIndex {
  readonly subdir: string;
  // Package names as clients look them up, sorted.
  readonly names: readonly string[];
  // The number of records; null where another tool wrote the index.
  readonly count: number | null;
  // When it was written.
  readonly created: Date | null;
}

// The match specs of a record: how many they are, and the first of them as texts.
export interface Specs {
  readonly count: number;
  readonly shown: readonly string[];
}

// A file of a package.
export interface Build {
  readonly subdir: string;
  readonly file: string;
  readonly url: string;
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly buildNumber: number;
  readonly size: number | null;
  // When it was built, and when it came into the index (CEP 47).
  readonly built: Date | null;
  readonly indexed: Date | null;
  readonly license: string | null;
  readonly noarch: string | null;
  // null: nobody can tell, since it cannot be read or is not there.
  readonly depends: Specs | null;
  readonly constrains: Specs | null;
  readonly sha256: string | null;
  // Whether it has attestations (CEP 50).
  readonly signed: boolean;
  // Why it no longer installs; null where it does.
  readonly yanked: { readonly reason: string | null; readonly when: string } | null;
}

// What a package says of itself (`<subdir>/summaries/<name>.json`), of its newest file.
export interface Summary {
  readonly summary: string | null;
  readonly description: string | null;
  readonly license: string | null;
  // https and http URLs.
  readonly home: readonly string[];
  readonly documentation: readonly string[];
  readonly source: readonly string[];
}

export interface PackageView {
  readonly name: string;
  // Newest version first; of a version the highest build number first.
  readonly builds: readonly Build[];
  // What could not be read, a sentence each: a missing shard of a subdir.
  readonly faults: readonly Fault[];
}

// notices.json (CEP 6), those that have not expired.
export interface Notice {
  readonly id: string;
  readonly level: "info" | "warning" | "critical";
  readonly message: string;
  readonly created: string | null;
}

export interface Snapshot {
  readonly name: string;
  // The time of which it is: what the channel said then. ISO 8601, as all times here.
  readonly at: string;
  // When it was made.
  readonly created: string;
}

// What went wrong: what, where (a path relative to the channel) and what to do.
export interface Fault {
  readonly kind: "missing" | "denied" | "network" | "damaged" | "too-large";
  readonly message: string;
  readonly path: string;
  readonly remedy: string;
}

// One channel, or one of its snapshots. What fails is thrown as `FaultError`.
export interface Channel {
  readonly descriptor: Descriptor;
  // null: the channel as it is now.
  readonly snapshot: string | null;
  // One an existing subdir; those that cannot be read are in `faults`.
  readonly subdirs: readonly SubdirIndex[];
  readonly faults: readonly Fault[];
  // The subdirs whose index is still on its way, and the channel when all have come or failed; null if they have.
  readonly awaited: readonly string[];
  readonly whole: Promise<Channel> | null;
  // The names of all subdirs, sorted, each once.
  readonly names: readonly string[];
  // Names that contain the text, those that begin with it first; at most `most`, and how many there are in all.
  search(text: string, most: number): { readonly names: readonly string[]; readonly found: number };
  // The subdirs that have the name.
  subdirsOf(name: string): readonly string[];
  package(name: string): Promise<PackageView>;
  // For a list, by one request: that of noarch, or else of the first subdir that has the name.
  summary(name: string): Promise<Summary | null>;
  // For its page: that of the newest file in any subdir.
  newestSummary(name: string): Promise<Summary | null>;
  notices(): Promise<readonly Notice[]>;
  // That of the latest time first; `count`: how many there are, of which the latest are listed.
  snapshots(): Promise<{ readonly count: number; readonly list: readonly Snapshot[] }>;
}

export class FaultError extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
  }
}

// Settings and commands for clients (`settings/`), pure functions of the descriptor.
export interface Snippet {
  // "pixi.toml", ".condarc", "pixi", "conda", "mamba"
  readonly title: string;
  readonly text: string;
  // What to know beside it.
  readonly notes: readonly string[];
}
