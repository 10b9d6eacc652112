import assert from "node:assert/strict";
import { test } from "node:test";
import type { Build } from "../src/model";
import { downloadUrl, isBrowsed, isYanked, specOf, versionsOf } from "../src/ui/builds";
import { cpuMs } from "./cpu";

function build(version: string, subdir: string, more: Partial<Build> = {}): Build {
  return {
    subdir, version, name: "tool", file: `tool-${version}-0.conda`, url: "https://example.com/x", build: "0", buildNumber: 0, size: 1,
    built: null, indexed: null, license: null, noarch: null, depends: null, constrains: null, sha256: null, signed: false, yanked: null, ...more,
  };
}

test("builds are by version in the order in which they come, then by subdir", () => {
  const made = new Date("2026-01-02");
  const versions = versionsOf([
    build("2.0", "osx-arm64", { built: made, signed: true }), build("2.0", "linux-64", { indexed: new Date("2025-01-01") }),
    build("1.0", "noarch", { yanked: { reason: null, when: "" } }), build("2.0", "linux-64", { build: "1" }),
  ]);
  assert.deepEqual(versions.map(({ version, yanked, signed }) => [version, yanked, signed]), [["2.0", 0, 1], ["1.0", 1, 0]]);
  assert.deepEqual(versions[0]?.subdirs.map(({ subdir, builds }) => [subdir, builds.length]), [["linux-64", 2], ["osx-arm64", 1]]);
  assert.deepEqual(versions.map(isYanked), [false, true]);
  assert.equal(versions[0]?.newest, made);
  assert.equal(versions[1]?.newest, null);
});

test("versions that objects have as properties are versions as others", () => {
  const versions = versionsOf([build("__proto__", "noarch"), build("constructor", "noarch")]);
  assert.deepEqual(versions.map(({ version }) => version), ["__proto__", "constructor"]);
});

test("10,000 builds are grouped at once", () => {
  const builds = Array.from({ length: 10_000 }, (_, number) => build(`1.${number % 2500}`, number % 2 ? "noarch" : "linux-64"));
  const begin = cpuMs();
  assert.equal(versionsOf(builds).length, 2500);
  assert.ok(cpuMs() - begin < 1000);
});

test("a match spec begins with the name that the channel has", () => {
  const specs: [string, string | null, string][] = [
    ["python >=3.11,<3.12.0a0", "python", " >=3.11,<3.12.0a0"], ["numpy", "numpy", ""], ["numpy>=1", "numpy", ">=1"], ["Jinja2 3.*", "jinja2", " 3.*"],
    ["numpy[version='>=1']", "numpy", "[version='>=1']"], ["conda-forge::numpy", null, "conda-forge::numpy"], ["__glibc >=2.17", null, "__glibc >=2.17"],
    ["<img src=x>", null, "<img src=x>"], ["", null, ""], ["https://example.com/x.conda", null, "https://example.com/x.conda"],
  ];
  for (const [spec, name, rest] of specs) {
    const found = specOf(spec);
    assert.deepEqual([found.name, found.rest], [name, rest], spec);
    assert.equal(found.shown + found.rest, spec);
  }
  assert.equal(specOf(`${"a".repeat(100_000)}:`).name, null);
});

test("a file is downloaded from the public URL, also where the page is not served from there", () => {
  const base = "http://127.0.0.1:4000/";
  assert.equal(downloadUrl(`${base}noarch/a-1-0.conda`, base, "https://example.com/c"), "https://example.com/c/noarch/a-1-0.conda");
  assert.equal(downloadUrl(`${base}noarch/a-1-0.conda`, base, "https://example.com/c/"), "https://example.com/c/noarch/a-1-0.conda");
  assert.equal(downloadUrl(`${base}noarch/a-1-0.conda`, base, null), `${base}noarch/a-1-0.conda`);
  assert.equal(downloadUrl("https://other.example.com/a-1-0.conda", base, "https://example.com/c"), "https://other.example.com/a-1-0.conda");
});

test("the page of `chaninfra browse` is on this machine, and at no URL of the channel", () => {
  const store = "http://127.0.0.1:9000/bucket/channel";
  assert.equal(isBrowsed("http://127.0.0.1:8765/", null), true);
  assert.equal(isBrowsed("http://localhost:8765/", "https://packages.example.com/team"), true);
  assert.equal(isBrowsed(`${store}/`, store), false);
  assert.equal(isBrowsed(`${store}/`, `${store}/`), false);
  assert.equal(isBrowsed("https://packages.example.com/team/", null), false);
});
