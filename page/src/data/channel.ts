// Opens a channel, or one of its snapshots.
import type { Build, Channel, Descriptor, Fault, Notice, PackageView, Snapshot, Summary } from "../model";
import { FaultError } from "../model";
import { CHANNEL_JSON, MAX_DESCRIPTOR, parseDescriptor } from "./descriptor";
import {
  isSnapshotName,
  MAX_NOTICES,
  MAX_SNAPSHOTS,
  MAX_SUMMARY,
  NOTICES_JSON,
  parseCounts,
  parseNotices,
  parseSnapshots,
  parseSummary,
  type Said,
  SNAPSHOTS_JSON,
  summaryPath,
} from "./documents";
import { count, fail, fault, faultOf, line } from "./faults";
import { Fetcher, needed, optional } from "./fetching";
import { merged, search } from "./names";
import { MAX_SHARD, parseShard } from "./shard";
import { MAX_SHARD_INDEX, parseShardIndex, SHARD_INDEX, sha256, type ShardIndex } from "./shard_index";
import { compareVersions, newestFirst, parseVersion } from "./versions";

// Most names of all subdirs, each counted as often as it is there.
const MAX_NAMES = 2_000_000;
const NOARCH = "noarch";
// Most builds of a package that are shown.
const MAX_BUILDS = 10_000;

// The channel at this URL, of which the page is `index.html`. Throws FaultError where nothing of it can be read; what
// cannot be read of one subdir is in its `faults`. An index that takes much longer than the first one is not waited for:
// see `whole`.
export async function openChannel(base: URL, snapshot?: string, fetcher = new Fetcher(base)): Promise<Channel> {
  if (snapshot !== undefined && !isSnapshotName(snapshot)) noSnapshot(snapshot);
  const data = await fetcher.get(CHANNEL_JSON, MAX_DESCRIPTOR);
  if (data === null) {
    fail(
      "missing",
      CHANNEL_JSON,
      `there is no channel at ${fetcher.base.href}: it has no ${CHANNEL_JSON}`,
      "look whether the URL is right; who runs the channel can write the file by `pulumi up` or `chaninfra init`",
    );
  }
  const { descriptor, hasPage } = parseDescriptor(data);
  const { subdirs } = descriptor;
  const counted = snapshot === undefined ? Promise.resolve(null) : countsOf(fetcher, snapshot);
  const read = new Map<string, ShardIndex | Fault | null>();
  let counts: ReadonlyMap<string, number> | null = null;
  let names = 0;
  let turn = Promise.resolve();
  const waits = new Patience(fetcher.limits.othersMs);
  const reads = subdirs.map(async (subdir) => {
    const { path, data } = await fetchIndex(fetcher, descriptor, subdir, snapshot);
    // One after the other, since all have to share the number of names.
    turn = turn.then(async () => {
      const index = await readIndex(fetcher, descriptor, subdir, path, data, MAX_NAMES - names);
      read.set(subdir, index);
      if (index === null || !("digests" in index)) return;
      names += index.names.length;
      waits.begin();
    });
    await turn;
  });
  const all = Promise.all([...reads, counted.then((found) => (counts = found))]).then(() => true);
  const channelOf = (whole: Promise<Channel> | null): Channel => {
    const found = subdirs.map((subdir) => read.get(subdir) ?? null);
    const indexes = found
      .filter((each): each is ShardIndex => each !== null && "digests" in each)
      .map((each) => ({ ...each, count: each.count ?? counts?.get(each.subdir) ?? null }));
    const faults = found.flatMap((each) => (each === null ? [] : "digests" in each ? each.faults : [each]));
    if (snapshot !== undefined && indexes.length === 0) {
      const [first] = faults;
      if (first) throw new FaultError(first);
      noSnapshot(snapshot);
    }
    const awaited = subdirs.filter((subdir) => !read.has(subdir));
    return new OpenChannel(fetcher, descriptor, hasPage, snapshot ?? null, indexes, faults, awaited, whole);
  };
  try {
    return channelOf((await Promise.race([all, waits.over])) ? null : all.then(() => channelOf(null)));
  } finally {
    waits.end();
  }
}

// A time that begins when it is told to.
class Patience {
  readonly over: Promise<false>;
  #done = (_: false) => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ms: number) {
    this.over = new Promise((done) => (this.#done = done));
  }

  begin(): void {
    this.#timer ??= setTimeout(() => this.#done(false), this.ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function noSnapshot(name: string): never {
  fail("missing", "snapshots/", `there is no snapshot ${line(name, 64)}`, "open the channel, and choose one of its list");
}

// The bytes of the shard index of a subdir, or why they cannot be had; null where a snapshot does not have the subdir.
async function fetchIndex(
  fetcher: Fetcher,
  descriptor: Descriptor,
  subdir: string,
  snapshot: string | undefined,
): Promise<{ path: string; data: Uint8Array | Fault | null }> {
  const path = `${snapshot === undefined ? "" : `snapshots/${snapshot}/`}${subdir}/${SHARD_INDEX}`;
  try {
    if (snapshot !== undefined) return { path, data: await optional(fetcher, path, MAX_SHARD_INDEX) };
    return {
      path,
      data: await needed(fetcher, descriptor, path, MAX_SHARD_INDEX, {
        message: `${subdir} has no shards (CEP 16), which the page reads: perhaps another tool wrote its index`,
        remedy: "ask who runs the channel to run `chaninfra reindex`, which writes them",
      }),
    };
  } catch (error) {
    return { path, data: faultOf(error) };
  }
}

// The index of a subdir, of at most `most` names, or why it cannot be read.
async function readIndex(
  fetcher: Fetcher,
  descriptor: Descriptor,
  subdir: string,
  path: string,
  data: Uint8Array | Fault | null,
  most: number,
): Promise<ShardIndex | Fault | null> {
  if (!(data instanceof Uint8Array)) return data;
  try {
    return await parseShardIndex(data, { subdir, path, url: fetcher.url(path), base: fetcher.base, descriptor }, most);
  } catch (error) {
    return faultOf(error);
  }
}

// The number of records of each subdir of a snapshot, whose indexes do not say it; of those only that can be known.
async function countsOf(fetcher: Fetcher, snapshot: string): Promise<ReadonlyMap<string, number>> {
  try {
    const data = await optional(fetcher, SNAPSHOTS_JSON, MAX_SNAPSHOTS);
    return data ? parseCounts(data, snapshot) : new Map();
  } catch (error) {
    faultOf(error);
    return new Map();
  }
}

class OpenChannel implements Channel {
  readonly names: readonly string[];
  readonly #packages = new Map<string, Promise<PackageView>>();
  readonly #said = new Map<string, Promise<Said | null>>();

  constructor(
    private readonly fetcher: Fetcher,
    readonly descriptor: Descriptor,
    private readonly hasPage: boolean,
    readonly snapshot: string | null,
    readonly subdirs: readonly ShardIndex[],
    readonly faults: readonly Fault[],
    readonly awaited: readonly string[],
    readonly whole: Promise<Channel> | null,
  ) {
    this.names = merged(subdirs.map((each) => each.names));
  }

  search(text: string, most: number): { readonly names: readonly string[]; readonly found: number } {
    return search(this.names, text, most);
  }

  subdirsOf(name: string): readonly string[] {
    return this.#indexesOf(name).map((each) => each.subdir);
  }

  #indexesOf(name: string): ShardIndex[] {
    return this.subdirs.filter((each) => each.digests.has(name));
  }

  package(name: string): Promise<PackageView> {
    return kept(this.#packages, name, () => this.#read(name), (view) => view.faults.length === 0);
  }

  async #read(name: string): Promise<PackageView> {
    const shards = await Promise.all(this.#indexesOf(name).map((index) => this.#shard(index, name)));
    const faults = shards.flatMap((each) => each.faults);
    const all = newestFirst(shards.flatMap((each) => each.builds));
    if (all.length > MAX_BUILDS) {
      const message = `it has ${count(all.length)} files, of which the newest ${count(MAX_BUILDS)} are shown`;
      faults.push(fault("too-large", name, message, "see all with `chaninfra ls`"));
    }
    return { name, builds: all.slice(0, MAX_BUILDS), faults };
  }

  async #shard(index: ShardIndex, name: string): Promise<{ builds: Build[]; faults: Fault[] }> {
    const digest = index.digests.get(name);
    const url = new URL(`${digest}.msgpack.zst`, index.shardsUrl);
    const path = url.pathname.slice(this.fetcher.base.pathname.length);
    const reindex = "load the page again, since the index may be newer now; if it stays so, ask who runs the channel to " +
      "run `chaninfra reindex --force`, which makes it again";
    try {
      const shown = line(name, 255);
      const missing = { message: `the shard of ${shown} in ${index.subdir} is not there`, remedy: reindex };
      const data = await needed(this.fetcher, this.descriptor, path, MAX_SHARD, missing, url);
      const found = await sha256(data);
      if (found !== null && found !== digest) {
        fail("damaged", path, `the shard of ${shown} in ${index.subdir} has other bytes than the index says`, reindex);
      }
      return await parseShard(data, { name, subdir: index.subdir, path, packagesUrl: index.packagesUrl });
    } catch (error) {
      return { builds: [], faults: [faultOf(error)] };
    }
  }

  async summary(name: string): Promise<Summary | null> {
    const subdirs = this.subdirsOf(name);
    const subdir = subdirs.includes(NOARCH) ? NOARCH : subdirs[0];
    return subdir === undefined ? null : ((await this.#saidIn(subdir, name))?.summary ?? null);
  }

  // That of the newest file in any subdir.
  async newestSummary(name: string): Promise<Summary | null> {
    const all = await Promise.all(this.subdirsOf(name).map((subdir) => this.#saidIn(subdir, name)));
    const found = all.filter((each) => each !== null);
    // As the writers of summaries order them.
    const newest = (a: Said, b: Said) =>
      b.timestamp - a.timestamp ||
      compareVersions(parseVersion(b.version), parseVersion(a.version)) ||
      b.buildNumber - a.buildNumber;
    return found.sort(newest)[0]?.summary ?? null;
  }

  // What cannot be read is none: nobody needs it.
  #saidIn(subdir: string, name: string): Promise<Said | null> {
    const path = this.hasPage ? summaryPath(subdir, name) : null;
    if (path === null) return Promise.resolve(null);
    return kept(this.#said, path, async () => {
      try {
        const data = await this.fetcher.get(path, MAX_SUMMARY);
        return data && parseSummary(data);
      } catch (error) {
        faultOf(error);
        return null;
      }
    });
  }

  async notices(): Promise<readonly Notice[]> {
    const data = await optional(this.fetcher, NOTICES_JSON, MAX_NOTICES);
    return data ? parseNotices(data, new Date()) : [];
  }

  async snapshots(): Promise<{ readonly count: number; readonly list: readonly Snapshot[] }> {
    const data = await optional(this.fetcher, SNAPSHOTS_JSON, MAX_SNAPSHOTS);
    return data ? parseSnapshots(data) : { count: 0, list: [] };
  }
}

// What was asked for before is not asked for again, unless it failed or is not `whole`.
function kept<T>(
  cache: Map<string, Promise<T>>,
  name: string,
  make: () => Promise<T>,
  whole: (found: T) => boolean = () => true,
): Promise<T> {
  const found = cache.get(name);
  if (found) return found;
  const made = make();
  cache.set(name, made);
  made.then(
    (value) => whole(value) || cache.delete(name),
    () => cache.delete(name),
  );
  return made;
}
