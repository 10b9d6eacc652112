// Opening a channel that the index engine wrote, by HTTP.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { openChannel } from "../src/data/channel";
import { Fetcher } from "../src/data/fetching";
import { FaultError } from "../src/model";
import { file, Site, status } from "./serving";
import { wholeChannel } from "./whole_channel";

const OLD = "linux-64/shards/";

const faulty = (kind: string) => (error: unknown) => error instanceof FaultError && error.fault.kind === kind;

test("what a channel says", async () => {
  await using site = await Site.open();
  const channel = await wholeChannel(site.url);
  assert.equal(channel.descriptor.name, "team");
  assert.equal(channel.descriptor["public-url"], "https://packages.example.com/team");
  assert.deepEqual(channel.faults, []);
  assert.deepEqual(channel.names, ["_libgcc_mutex", "constructor", "modern", "tool"]);
  assert.deepEqual(channel.subdirs.map((each) => [each.subdir, each.names.length, each.count]), [
    ["noarch", 3, 3],
    ["linux-64", 2, 3],
    ["osx-64", 0, 0],
  ]);
  assert.equal(channel.subdirs[1]?.created?.toISOString(), "2026-01-01T00:00:00.000Z");
  assert.deepEqual(channel.subdirsOf("tool"), ["noarch", "linux-64"]);
  assert.deepEqual(channel.subdirsOf("toString"), []);
  assert.deepEqual(site.asked.sort(), [
    "channel.json",
    ...["linux-64", "noarch", "osx-64"].map((subdir) => `${subdir}/repodata_shards.msgpack.zst`),
  ]);
});

test("what a package says: newest first, the yanked one with its reason", async () => {
  await using site = await Site.open();
  const channel = await wholeChannel(site.url);
  // A summary that never comes holds back no build.
  site.changed.set("linux-64/summaries/tool.json", () => {});
  const { builds, faults } = await channel.package("tool");
  site.changed.delete("linux-64/summaries/tool.json");
  assert.deepEqual(faults, []);
  assert.deepEqual(builds.map((each) => `${each.subdir}/${each.file}`), [
    "linux-64/tool-1.10-py_1.conda",
    "noarch/tool-1.10-0.conda",
    "linux-64/tool-1.10-py_0.conda",
    "linux-64/tool-1.9-0.conda",
  ]);
  const [newest, noarch, second, oldest] = builds;
  assert.ok(newest && noarch && second && oldest);
  assert.equal(newest.url, new URL("linux-64/tool-1.10-py_1.conda", site.url).href);
  assert.equal(newest.buildNumber, 1);
  assert.deepEqual(newest.depends, { count: 2, shown: ["python >=3.10", "libz >=1.2,<2"] });
  assert.deepEqual(newest.constrains, { count: 0, shown: [] });
  assert.match(newest.sha256 ?? "", /^[0-9a-f]{64}$/);
  assert.ok((newest.size ?? 0) > 100);
  assert.equal(newest.indexed?.toISOString(), "2026-01-01T00:00:00.000Z");
  assert.equal(newest.signed, false);
  assert.equal(newest.yanked, null);
  // Its timestamp is in seconds.
  assert.equal(noarch.built?.toISOString(), "2023-11-14T22:13:20.000Z");
  assert.equal(noarch.noarch, "python");
  assert.deepEqual(second.constrains?.shown, ["other >=2"]);
  assert.deepEqual(oldest.yanked, { reason: "broken <b>on</b> import", when: "2026-01-01T00:00:00+00:00" });
  assert.equal(oldest.license, "MIT");
  const summary = await channel.newestSummary("tool");
  assert.equal(summary?.summary, "Does what tools do");
  assert.deepEqual(summary?.home, ["https://tool.example.com/"]);
  // The newest file is that of the latest timestamp, whatever its version.
  const said = { name: "tool", file: "tool-9-0.conda", summary: "Another", timestamp: 1_740_000_000_000, version: "9" };
  for (const [timestamp, summary] of [[1_740_000_000_000, "Does what tools do"], [1_760_000_000_000, "Another"]] as const) {
    site.changed.set("noarch/summaries/tool.json", JSON.stringify({ ...said, timestamp }));
    assert.equal((await (await wholeChannel(site.url)).newestSummary("tool"))?.summary, summary);
  }
  const before = site.asked.length;
  await Promise.all([channel.package("tool"), channel.newestSummary("tool")]);
  assert.equal(site.asked.length, before);
});

test("a cache is asked to look again for all that changes, and not for shards", async () => {
  await using site = await Site.open();
  for (const channel of [await wholeChannel(site.url), await wholeChannel(site.url, "v1")]) {
    await Promise.all([channel.package("tool"), channel.notices(), channel.snapshots()]);
  }
  const shards = site.caching.filter(([path]) => /\/shards\/[0-9a-f]{64}\./.test(path));
  const others = site.caching.filter(([path]) => !path.includes("/shards/"));
  assert.equal(shards.length, 4);
  assert.deepEqual(new Set(shards.map(([, said]) => said)), new Set([undefined]));
  assert.ok(others.length > 12, String(others));
  // What `fetch` sends with `cache: "no-cache"`.
  assert.deepEqual(new Set(others.map(([, said]) => said)), new Set(["max-age=0"]));
});

test("a file that was written just now is asked for once more, past the caches", async () => {
  const site = await Site.open();
  await using _ = site;
  const written = (ago: number) => (response: ServerResponse) => {
    const time = Date.now();
    const headers = { date: new Date(time).toUTCString(), "last-modified": new Date(time - ago).toUTCString() };
    response.writeHead(200, headers).end(`${site.asked.length}`);
  };
  const read = async (ago: number) => {
    site.changed.set("notices.json", written(ago));
    site.caching.length = site.asked.length = 0;
    const data = await new Fetcher(site.url).get("notices.json", 10);
    return [new TextDecoder().decode(data ?? undefined), site.caching.map(([, said]) => said)];
  };
  assert.deepEqual(await read(0), ["2", ["max-age=0", "no-cache"]]);
  assert.deepEqual(await read(60_000), ["1", ["max-age=0"]]);
});

test("a list asks one subdir for the summary of a name, and its page the others too", async () => {
  await using site = await Site.open({
    "noarch/summaries/tool.json": JSON.stringify({ name: "tool", version: "1", summary: "That of noarch", timestamp: 1 }),
  });
  const channel = await wholeChannel(site.url);
  const asked = () => site.asked.filter((path) => path.includes("/summaries/"));
  assert.equal((await channel.summary("tool"))?.summary, "That of noarch");
  await channel.summary("_libgcc_mutex");
  assert.equal(await channel.summary("nothing"), null);
  assert.deepEqual(asked(), ["noarch/summaries/tool.json", "linux-64/summaries/_libgcc_mutex.json"]);
  assert.equal((await channel.newestSummary("tool"))?.summary, "Does what tools do");
  assert.deepEqual(asked().slice(2), ["linux-64/summaries/tool.json"]);
});

test("packages of odd names, and those below v3", async () => {
  await using site = await Site.open();
  const channel = await wholeChannel(site.url);
  const odd = await channel.package("constructor");
  assert.deepEqual(odd.builds.map((each) => [each.name, each.version]), [["constructor", "1!0.1"]]);
  assert.equal((await channel.summary("constructor"))?.summary, null);
  assert.deepEqual((await channel.package("modern")).builds.map((each) => each.file), ["modern-2-0.conda"]);
  assert.deepEqual(await channel.package("__proto__"), { name: "__proto__", builds: [], faults: [] });
});

test("a snapshot says what was there, with the shards of the channel", async () => {
  await using site = await Site.open();
  const channel = await wholeChannel(site.url, "v1");
  assert.equal(channel.snapshot, "v1");
  // Its indexes do not say it, the list of the snapshots does.
  assert.deepEqual(channel.subdirs.map((each) => [each.subdir, each.count]), [["noarch", 3], ["linux-64", 4], ["osx-64", 0]]);
  const { builds } = await channel.package("tool");
  assert.deepEqual(builds.filter((each) => each.yanked), []);
  assert.equal(builds.length, 4);
  assert.equal(builds[0]?.url, new URL("linux-64/tool-1.10-py_1.conda", site.url).href);
  assert.deepEqual(await channel.snapshots(), {
    count: 1,
    list: [{ name: "v1", at: "2026-01-01T00:00:00Z", created: "2026-01-01T00:00:00Z" }],
  });
  for (const name of ["v2", "..", "a/b", ""]) {
    await assert.rejects(openChannel(site.url, name), faulty("missing"), name);
  }
});

test("notices that have not expired", async () => {
  await using site = await Site.open();
  const channel = await wholeChannel(site.url);
  assert.deepEqual(await channel.notices(), [
    { id: "yanked", level: "warning", message: "tool 1.9 is yanked", created: "2026-01-01T00:00:00+00:00" },
  ]);
  // A store that lets nobody list says 403 of what is not there.
  for (const code of [403, 404]) {
    for (const path of ["notices.json", "snapshots/index.json", "linux-64/summaries/tool.json"]) site.changed.set(path, status(code));
    assert.deepEqual(await channel.notices(), []);
    assert.deepEqual(await channel.snapshots(), { count: 0, list: [] });
  }
});

test("search: those that begin with it first, bounded", async () => {
  await using site = await Site.open();
  const channel = await wholeChannel(site.url);
  assert.deepEqual(channel.search("TO", 10), { names: ["tool", "constructor"], found: 2 });
  assert.deepEqual(channel.search("", 2), { names: ["_libgcc_mutex", "constructor"], found: 4 });
  assert.deepEqual(channel.search("nothing", 2), { names: [], found: 0 });
});

test("what cannot be read of one subdir leaves the others", async () => {
  await using site = await Site.open({
    "linux-64/repodata_shards.msgpack.zst": status(404),
    "osx-64/repodata_shards.msgpack.zst": "<html>",
  });
  const channel = await wholeChannel(site.url);
  assert.deepEqual(channel.subdirs.map((each) => each.subdir), ["noarch"]);
  assert.deepEqual(channel.faults.map((each) => [each.kind, each.path]), [
    ["missing", "linux-64/repodata_shards.msgpack.zst"],
    ["damaged", "osx-64/repodata_shards.msgpack.zst"],
  ]);
  assert.match(channel.faults[0]?.remedy ?? "", /chaninfra reindex/);
});

test("what a store denies is missing in a public channel, and needs credentials in a private one", async () => {
  await using site = await Site.open({ "linux-64/repodata_shards.msgpack.zst": status(403) });
  const [first] = (await wholeChannel(site.url)).faults;
  assert.equal(first?.kind, "missing");
  assert.match(first?.message ?? "", /linux-64 has no shards .*HTTP 403/);
  assert.match(first?.remedy ?? "", /chaninfra reindex/);
  const stored = JSON.parse(new TextDecoder().decode(file("channel/channel.json")));
  site.changed.set("channel.json", JSON.stringify({ ...stored, visibility: "private", auth: "pixi", page: true }));
  const [second] = (await wholeChannel(site.url)).faults;
  assert.equal(second?.kind, "denied");
  assert.match(second?.remedy ?? "", /chaninfra browse/);
});

test("an index that takes long keeps no other from the list, and is added when it comes", async () => {
  const path = "linux-64/repodata_shards.msgpack.zst";
  const late: ServerResponse[] = [];
  await using site = await Site.open({ [path]: (response) => void late.push(response) });
  const open = (stalledMs: number) => openChannel(site.url, undefined, new Fetcher(site.url, { stalledMs, wholeMs: 60_000, othersMs: 1000 }));
  const first = await open(30_000);
  assert.deepEqual([first.awaited, first.faults], [["linux-64"], []]);
  assert.deepEqual(first.subdirsOf("tool"), ["noarch"]);
  late[0]?.writeHead(200).end(file(`channel/${path}`));
  const whole = (await first.whole) ?? assert.fail("it is whole");
  assert.deepEqual([whole.awaited, whole.faults, whole.whole], [[], [], null]);
  assert.deepEqual(whole.subdirsOf("tool"), ["noarch", "linux-64"]);
  assert.deepEqual(whole.subdirs.map((each) => each.subdir), ["noarch", "linux-64", "osx-64"]);
  // One that never comes is a fault in the end.
  const never = (await (await open(3000)).whole) ?? assert.fail("it is whole");
  assert.deepEqual(never.faults.map((each) => [each.kind, each.path]), [["network", path]]);
  // While there is none to show, it waits.
  for (const subdir of ["noarch", "osx-64"]) site.changed.set(`${subdir}/repodata_shards.msgpack.zst`, status(404));
  assert.equal((await open(3000)).whole, null);
});

test("a shard that is missing, damaged or another one is a fault of its subdir", async () => {
  await using site = await Site.open();
  const before = await wholeChannel(site.url);
  await before.package("tool");
  const shard = site.asked.find((path) => path.startsWith(OLD)) ?? "";
  const another = file(`channel/${site.asked.find((path) => path.startsWith("noarch/shards/"))}`);
  const answers = [
    [status(404), "missing", /is not there/],
    [another, "damaged", /has other bytes/],
    [status(403), "missing", /is not there; or it is not public .*HTTP 403/],
    [status(500), "network", /HTTP 500/],
  ] as const;
  for (const [answer, kind, message] of answers) {
    site.changed.set(shard, answer);
    const { builds, faults } = await (await wholeChannel(site.url)).package("tool");
    assert.deepEqual(builds.map((each) => each.subdir), ["noarch"]);
    assert.deepEqual(faults.map((each) => [each.kind, each.path]), [[kind, shard]]);
    assert.match(faults[0]?.message ?? "", message);
  }
  // Who tries again gets what is there then.
  const channel = await wholeChannel(site.url);
  assert.equal((await channel.package("tool")).faults.length, 1);
  site.changed.delete(shard);
  assert.deepEqual((await channel.package("tool")).faults, []);
});

test("what stops the whole channel is thrown", async () => {
  await using site = await Site.open();
  const { url } = site;
  const fault = async (kind: string, pattern: RegExp) =>
    assert.rejects(openChannel(url), (error) => {
      assert.ok(error instanceof FaultError);
      assert.equal(error.fault.kind, kind);
      assert.match(error.fault.message, pattern);
      assert.ok(error.fault.remedy.length > 10);
      return true;
    });
  site.changed.set("channel.json", status(404));
  await fault("missing", /there is no channel at http/);
  site.changed.set("channel.json", status(403));
  await fault("denied", /HTTP 403/);
  site.changed.set("channel.json", '{"version": 3}');
  await fault("damaged", /version 3/);
  site.changed.set("channel.json", '{"version": 2, "name": "<b>"}');
  await fault("damaged", /`subdirs`/);
  site.changed.set("channel.json", "[]");
  await fault("damaged", /JSON/);
  site.changed.set("channel.json", " ".repeat(2 << 20));
  await fault("too-large", /1,048,576 bytes/);
  await site.close();
  await fault("network", /could not read it from http/);
});

test("a redirect leads within the origin, and is not followed to another one", async () => {
  await using other = await Site.open();
  await using site = await Site.open();
  const to = (location: string) => (response: ServerResponse) => void response.writeHead(302, { location }).end();
  site.changed.set("channel.json", to("/team/there.json"));
  site.changed.set("there.json", file("channel/channel.json"));
  assert.equal((await wholeChannel(site.url)).descriptor.name, "team");
  site.changed.set("channel.json", to(new URL("channel.json", other.url).href));
  await assert.rejects(wholeChannel(site.url), (error) => {
    assert.ok(faulty("network")(error));
    assert.match(String(error), new RegExp(`redirects it to ${other.url.origin}`));
    return true;
  });
});

test("requests are bounded in bytes and in time", async () => {
  let sent = 0;
  await using site = await Site.open({
    endless: (response) => {
      response.writeHead(200);
      const more = () => {
        sent += 65536;
        if (!response.destroyed) response.write(new Uint8Array(65536), () => setImmediate(more));
      };
      more();
    },
    silent: (response) => response.writeHead(200).write("x"),
    slow: (response) => {
      const timer = setInterval(() => response.write("x"), 20);
      response.writeHead(200).on("close", () => clearInterval(timer));
    },
  });
  const fetcher = new Fetcher(site.url, { stalledMs: 200, wholeMs: 600, othersMs: 100 });
  await assert.rejects(fetcher.get("endless", 1 << 20), faulty("too-large"));
  assert.ok(fetcher.bytes < 2 << 20, String(fetcher.bytes));
  await assert.rejects(fetcher.get("silent", 100), /sent nothing for 0.2 seconds/);
  // It sends a byte every 20 ms; a busy machine may make it wait for longer.
  const patient = new Fetcher(site.url, { stalledMs: 5000, wholeMs: 600, othersMs: 100 });
  await assert.rejects(patient.get("slow", 1 << 20), /takes longer than 0.6 seconds/);
  assert.equal(fetcher.requests + patient.requests, 3);
  await site.close();
  assert.ok(sent < 8 << 20, String(sent));
});
