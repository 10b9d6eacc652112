// What somebody may write into a channel who wishes ill: bounded, never thrown, and no URL but those of the web.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { parseNotices, parseSnapshots, parseSummary } from "../src/data/documents";
import { JOINERS, line } from "../src/data/faults";
import { type Channel, FaultError } from "../src/model";
import { visible } from "../src/ui/text";
import { type Answer, packed, Site } from "./serving";
import { wholeChannel } from "./whole_channel";
import { block, frame } from "./zstd_writer";

const INDEX = "noarch/repodata_shards.msgpack.zst";
const PUBLIC = "https://packages.example.com/team";

type Shards = Readonly<Record<string, unknown>>;

// The answers of a channel whose noarch has these shards.
function channelOf(shards: Shards, info: object = {}, more: object = {}): Record<string, Answer> {
  const answers: Record<string, Answer> = {};
  const digests: Record<string, Uint8Array> = Object.create(null);
  for (const [name, shard] of Object.entries(shards)) {
    const data = shard instanceof Uint8Array ? shard : packed(encode(shard, { maxDepth: 200 }));
    const digest = createHash("sha256").update(data).digest();
    answers[`noarch/shards/${digest.toString("hex")}.msgpack.zst`] = data;
    digests[name] = new Uint8Array(digest);
  }
  answers[INDEX] = packed(encode({ info: { subdir: "noarch", shards_base_url: "./shards/", ...info }, shards: digests, ...more }));
  return answers;
}

function record(name: string, more: object = {}) {
  return { name, version: "1", build: "0", build_number: 0, ...more };
}

async function opened(shards: Shards, info: object = {}): Promise<[Site, Channel]> {
  const site = await Site.open(channelOf(shards, info));
  return [site, await wholeChannel(site.url)];
}

test("a record with markup, control characters and long texts is text, cut", async () => {
  const evil = "<img src=x onerror=alert(1)>\u202e\u0000\n";
  const shard = {
    "packages.conda": {
      "x-1-0.conda": record("x", {
        version: evil,
        license: "L".repeat(100_000),
        depends: [...Array(5000).fill(evil), 7, null, { a: 1 }],
        constrains: "none",
        // In the year 275760, the last that a Date has.
        timestamp: 8.64e15,
        indexed_timestamp: 2 ** 60,
        size: -1,
        sha256: "x",
        noarch: ["python"],
        ["__proto__"]: { polluted: true },
      }),
    },
  };
  const [site, channel] = await opened({ x: shard });
  await using _ = site;
  const { builds, faults } = await channel.package("x");
  assert.deepEqual(faults, []);
  const [build] = builds;
  assert.ok(build);
  assert.equal(build.version, "<img src=x onerror=alert(1)>\ufffd\ufffd ");
  assert.equal(build.license?.length, 255);
  assert.deepEqual([build.depends?.count, build.depends?.shown.length], [5003, 1000]);
  assert.deepEqual(
    [build.constrains, build.built ?? build.indexed, build.size, build.sha256, build.noarch, build.signed],
    [null, null, null, null, null, false],
  );
});

test("how many dependencies there are is the number of the record, or it is said that nobody can tell", async () => {
  const many = (number: number) => ({ depends: Array(number).fill("a"), constrains: Array(number).fill("b") });
  const records = { 1: many(10_000), 2: many(20_001), 3: { depends: { a: 1 }, constrains: null }, 4: {} };
  const files = Object.entries(records).map(([version, more]) => [`x-${version}-0.conda`, record("x", { version, ...more })]);
  const [site, channel] = await opened({
    x: { "packages.conda": Object.fromEntries(files), chaninfra: { yanks: { "x-5-0.conda": { when: "" } } } },
  });
  await using _ = site;
  const { builds } = await channel.package("x");
  assert.deepEqual(
    builds.map((each) => [each.depends?.count, each.constrains?.count]),
    [[undefined, undefined], [0, 0], [undefined, undefined], [undefined, undefined], [10_000, 10_000]],
  );
});

test("records of other packages, of no file and of no record are left out, and counted", async () => {
  const shard = {
    "packages.conda": {
      "x-1-0.conda": record("x"),
      "y-1-0.conda": record("y"),
      "../x-1-0.conda": record("x"),
      "x-2-0.conda": "no record",
      ["x-3-0.conda" + "x".repeat(300)]: record("x"),
    },
    packages: { "X-1-0.tar.bz2": record("X") },
    v3: { whl: { "x-4-0": { version: "4", url: "javascript:alert(1)" } } },
    chaninfra: { yanks: { "x-5-0.conda": { when: "<b>", reason: "r".repeat(5000) }, "z-1-0.conda": { when: "" }, "x-1-0.conda": {} } },
  };
  const [site, channel] = await opened({ x: shard });
  await using _ = site;
  const { builds, faults } = await channel.package("x");
  assert.deepEqual(builds.map((each) => each.file), ["x-5-0.conda", "x-4-0.whl", "X-1-0.tar.bz2", "x-1-0.conda"]);
  assert.equal(builds[1]?.url, new URL("noarch/x-4-0.whl", site.url).href);
  assert.equal(builds[0]?.yanked?.when, "");
  // What is in the index is not yanked.
  assert.equal(builds[3]?.yanked, null);
  assert.equal(builds[0]?.yanked?.reason?.length, 1000);
  assert.match(faults[0]?.message ?? "", /^5 of its packages/);
});

test("packages with the names of an object's own fields", async () => {
  const names = ["__proto__", "constructor"];
  const shards: Record<string, unknown> = Object.create(null);
  for (const name of names) shards[name] = { "packages.conda": { [`${name}-1-0.conda`]: record(name) } };
  const site = await Site.open(channelOf(shards));
  await using _ = site;
  const channel = await wholeChannel(site.url);
  assert.deepEqual(channel.subdirs[0]?.names, names);
  for (const name of names) {
    const { builds } = await channel.package(name);
    assert.deepEqual(builds.map((each) => each.name), [name]);
  }
});

test("more builds than are shown: the newest, and a fault that counts", async () => {
  const table = Object.fromEntries(
    Array.from({ length: 12_345 }, (_, number) => [`x-${number}-0.conda`, record("x", { version: String(number) })]),
  );
  const [site, channel] = await opened({ x: { "packages.conda": table } });
  await using _ = site;
  const { builds, faults } = await channel.package("x");
  assert.equal(builds.length, 10_000);
  assert.equal(builds[0]?.version, "12344");
  assert.match(faults[0]?.message ?? "", /12,345 files/);
});

test("a bomb of a shard, a deep one and one of another kind are faults", async () => {
  const zeros = (last: boolean) => block(1, 1 << 17, Uint8Array.of(0), last);
  let deep: unknown = 1;
  for (let depth = 0; depth < 100; depth++) deep = [deep];
  const [site, channel] = await opened({
    bomb: frame([...Array<Uint8Array>(2000).fill(zeros(false)), zeros(true)]),
    deep: { other: deep },
    list: [1, 2],
  });
  await using _ = site;
  const kinds = { bomb: "too-large", deep: "damaged", list: "damaged" };
  for (const [name, kind] of Object.entries(kinds)) {
    const { builds, faults } = await channel.package(name);
    assert.deepEqual([builds.length, faults.map((each) => each.kind)], [0, [kind]]);
  }
});

test("names that no client asks for are left out of the list", async () => {
  const shards = { ok: {}, ["x".repeat(10_000)]: {}, "a/b": {}, "a\u0000": {}, Tool: {} };
  const [site, channel] = await opened(shards);
  await using _ = site;
  assert.deepEqual(channel.names, ["_libgcc_mutex", "ok", "tool"]);
  assert.match(channel.faults[0]?.message ?? "", /^4 of its names/);
});

for (const [said, found] of Object.entries({
  "./shards/": "noarch/shards/",
  shards: "noarch/shards/",
  "../noarch/shards/": "noarch/shards/",
  [`${PUBLIC}/noarch/shards/`]: "noarch/shards/",
  [`${PUBLIC}/noarch/shards`]: "noarch/shards/",
  "s3://my-bucket/team/noarch/shards/": "noarch/shards/",
})) {
  test(`shards at ${said} are read from the page's own origin`, async () => {
    const [site, channel] = await opened({ x: { packages: { "x-1-0.tar.bz2": record("x") } } }, { shards_base_url: said });
    await using _ = site;
    assert.equal((await channel.package("x")).builds.length, 1);
    assert.ok(site.asked.some((path) => path.startsWith(found)));
  });
}

for (const said of [
  "https://evil.example/team/noarch/shards/",
  "http://127.0.0.1:1/team/noarch/shards/",
  "//evil.example/shards/",
  "../../other/shards/",
  `${PUBLIC}/../other/`,
  `${PUBLIC}.evil.example/`,
  `${PUBLIC}/https://evil.example/`.replace("team/https", "team//evil.example/https"),
  "javascript:alert(1)//",
  "shards/?x=",
  "http://user@127.0.0.1/",
  "http://[/",
]) {
  test(`shards at ${said} are not read`, async () => {
    const site = await Site.open(channelOf({ x: {} }, { shards_base_url: said }));
    await using _ = site;
    const channel = await wholeChannel(site.url);
    const [fault] = channel.faults;
    if (fault) assert.match(fault.message, /shards are at/);
    else assert.ok(channel.subdirs.every((each) => (each as unknown as { shardsUrl: URL }).shardsUrl.href.startsWith(site.url.href)));
  });
}

test("packages elsewhere have the URL that clients use, and only one of the web", async () => {
  const shards = { x: { packages: { "x-1!2+3-0.tar.bz2": record("x") } } };
  const [site, channel] = await opened(shards, { base_url: "https://cdn.example.com/noarch" });
  await using _ = site;
  assert.equal((await channel.package("x")).builds[0]?.url, "https://cdn.example.com/noarch/x-1!2%2B3-0.tar.bz2");
  for (const own of [`${PUBLIC}/noarch`, `${PUBLIC}//other/`, `${PUBLIC}/https://evil.example/`, "s3://my-bucket/team/x"]) {
    for (const [path, answer] of Object.entries(channelOf(shards, { base_url: own }))) site.changed.set(path, answer);
    const [build] = (await (await wholeChannel(site.url)).package("x")).builds;
    assert.ok(build?.url.startsWith(site.url.href), `${own}: ${build?.url}`);
  }
  for (const said of ["javascript:alert(1)", "data:text/html,x", "s3://other/x", "file:///etc"]) {
    for (const [path, answer] of Object.entries(channelOf(shards, { base_url: said }))) site.changed.set(path, answer);
    const [fault] = (await wholeChannel(site.url)).faults;
    assert.match(fault?.message ?? "", /no URL of the web/, said);
  }
});

test("a shard index of another version, and one without shards", async () => {
  const site = await Site.open(channelOf({}, {}, { version: 2 }));
  await using _ = site;
  assert.match((await wholeChannel(site.url)).faults[0]?.message ?? "", /version 2 of the shard index is newer/);
  site.changed.set(INDEX, packed(encode({ info: { subdir: "noarch" } })));
  assert.match((await wholeChannel(site.url)).faults[0]?.message ?? "", /it has no shards/);
});

const bytes = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

test("a summary has only links of the web, and no text without an end", () => {
  const said = parseSummary(
    bytes({
      summary: "s".repeat(9000),
      description: 7,
      license: "\u202eMIT",
      home: ["javascript:alert(1)", "https://a.example/<b>", " https://a.example", "https://u:p@a.example/", "data:x", 3],
      source: "https://a.example/",
      documentation: Array(20).fill("http://a.example/"),
    }),
  );
  assert.equal(said?.summary.summary?.length, 4000);
  // Not in the middle of a character that takes two units of UTF-16.
  assert.equal(line(`${"a".repeat(8)}😀bc`, 10), `${"a".repeat(8)}…`);
  assert.equal(said?.summary.description, null);
  assert.equal(said?.summary.license, "\ufffdMIT");
  assert.deepEqual(said?.summary.home, ["https://a.example/%3Cb%3E"]);
  assert.deepEqual(said?.summary.source, []);
  assert.equal(said?.summary.documentation.length, 8);
  for (const data of [new Uint8Array([255]), bytes([1]), bytes(null)]) assert.equal(parseSummary(data), null);
});

test("what people read keeps its joiners, names and versions do not", async () => {
  const text = "می\u200cخواهم 👩\u200d💻";
  const said = parseSummary(bytes({ summary: text, description: `${text}\u200b`, license: "MIT" }));
  assert.equal(said?.summary.summary, text);
  assert.equal(said?.summary.description, `${text}\ufffd`);
  assert.equal(parseNotices(bytes({ notices: [{ id: "a\u200d", message: text, level: "info" }] }), new Date())[0]?.message, text);
  const [site, channel] = await opened({
    x: {
      "packages.conda": { "x-1-0.conda": record("x", { license: "M\u200dIT" }) },
      chaninfra: { yanks: { "x-2-0.conda": { when: "", reason: text } } },
    },
  });
  await using _ = site;
  const [yanked, build] = (await channel.package("x")).builds;
  assert.equal(yanked?.yanked?.reason, text);
  assert.equal(build?.license, "M\ufffdIT");
  // As it is shown.
  for (const shown of [said?.summary.summary, yanked?.yanked?.reason]) assert.equal(visible(shown ?? "", JOINERS), text);
});

test("notices: which have expired, and how many are shown", () => {
  const now = new Date("2026-06-01T00:00:00Z");
  const notice = (id: unknown, more: object) => ({ id, message: `m${id}`, level: "info", ...more });
  const found = parseNotices(
    bytes({
      notices: [
        notice("past", { expires_at: "2026-05-31T23:59:59+00:00" }),
        notice("old", { expired_at: "2026-01-01" }),
        notice("naive", { expires_at: "2026-05-31T23:00:00" }),
        notice("zone", { expires_at: "2026-06-01T01:30:00+01:00", level: "<b>", message: "x".repeat(9999) }),
        notice("odd", { expires_at: "never", created_at: "\u0000" }),
        { id: "none" },
        "text",
        ...Array(100).fill(notice(1, {})),
      ],
    }),
    now,
  );
  assert.deepEqual(found.slice(0, 2).map((each) => each.id), ["zone", "odd"]);
  assert.equal(found[0]?.level, "info");
  assert.equal(found[0]?.message.length, 1000);
  assert.equal(found[1]?.created, "\ufffd");
  assert.equal(found.length, 50);
  assert.throws(() => parseNotices(bytes([]), now), FaultError);
});

test("only whole snapshots with names of snapshots are listed, the latest first", () => {
  const one = { at: "2026-01-01T00:00:00Z", created: "2026-01-02T00:00:00Z" };
  const found = parseSnapshots(
    bytes({
      version: 1,
      snapshots: {
        a: one,
        b: { ...one, at: "2026-02-01T00:00:00Z" },
        "../x": one,
        making: { ...one, stage: "creating" },
        late: { ...one, at: "yesterday" },
        text: "x",
      },
    }),
  );
  assert.deepEqual(found.list.map((each) => each.name), ["b", "a"]);
  assert.equal(found.count, 2);
});

test("of very many snapshots the latest are listed, and all are counted", () => {
  const start = Date.parse("2020-01-01T00:00:00Z");
  const time = (number: number) => new Date(start + number * 86_400_000).toISOString().replace(/\.\d+/, "");
  const snapshots = Object.fromEntries(
    Array.from({ length: 1500 }, (_, number) => [`d${String(number).padStart(5, "0")}`, { at: time(number), created: time(number) }]),
  );
  const { count, list } = parseSnapshots(bytes({ version: 1, snapshots }));
  assert.deepEqual([count, list.length, list[0]?.name, list.at(-1)?.name], [1500, 1000, "d01499", "d00500"]);
});

test("the number of records counts only while the map of shards is that of the commit", async () => {
  const shards = { x: {} };
  const site = await Site.open();
  await using _ = site;
  const counted = async (checksum: unknown, records: unknown) => {
    const stamp = { chaninfra: { number: 1, revision: "r", count: records, checksum } };
    for (const [path, answer] of Object.entries(channelOf(shards, {}, stamp))) site.changed.set(path, answer);
    return (await wholeChannel(site.url)).subdirs[0]?.count;
  };
  const shard = packed(encode({}, { maxDepth: 200 }));
  const map = encode({ x: new Uint8Array(createHash("sha256").update(shard).digest()) });
  const right = createHash("sha256").update(map).digest("hex").slice(0, 32);
  assert.equal(await counted(right, 7), 7);
  assert.equal(await counted("0".repeat(32), 7), null);
  for (const records of [-1, 1.5, 2 ** 60, "7", null]) assert.equal(await counted(right, records), null);
});
