// The order of versions is that of py-rattler.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions, parseVersion } from "../src/data/versions";
import { file } from "./serving";

const groups = JSON.parse(new TextDecoder().decode(file("versions.json"))) as string[][];

test("each two versions compare as py-rattler compares them", () => {
  const all = groups.flatMap((group, place) => group.map((text) => ({ place, version: parseVersion(text) })));
  assert.ok(all.length > 70);
  for (const a of all) {
    assert.ok(a.version.isVersion, a.version.text);
    for (const b of all) {
      const found = Math.sign(compareVersions(a.version, b.version));
      assert.equal(found, Math.sign(a.place - b.place), `${a.version.text} and ${b.version.text}`);
    }
  }
});

test("what is no version is before all that are, by its text", () => {
  const texts = ["", "1..0", "<b>", "x".repeat(1000), "0"];
  const sorted = [...texts].reverse().map(parseVersion).sort(compareVersions);
  assert.deepEqual(sorted.map((each) => each.text), texts);
});
