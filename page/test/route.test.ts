import assert from "node:assert/strict";
import { test } from "node:test";
import { hrefOf, parseRoute, type Place } from "../src/ui/route";

const PLACES: [string, Place][] = [
  ["#/", { page: "home" }],
  ["#/search/num", { page: "search", text: "num" }],
  ["#/search/a%2Fb%3Fsnapshot%3Dx%23%25", { page: "search", text: "a/b?snapshot=x#%" }],
  ["#/package/numpy", { page: "package", name: "numpy", version: null }],
  ["#/package/numpy/1!2.0%2Bcu12", { page: "package", name: "numpy", version: "1!2.0+cu12" }],
  ["#/settings", { page: "settings" }],
];

test("each place has one address, and the address leads to it", () => {
  for (const [hash, place] of PLACES) {
    assert.equal(hrefOf(place, null), hash);
    assert.deepEqual(parseRoute(hash), { place, snapshot: null });
    assert.equal(hrefOf(place, "2026-11"), `${hash}?snapshot=2026-11`);
    assert.deepEqual(parseRoute(`${hash}?snapshot=2026-11`), { place, snapshot: "2026-11" });
  }
});

test("an address without a hash, or with less of it, is the beginning", () => {
  for (const hash of ["", "#", "#/", "#/search/", "#/search"]) assert.deepEqual(parseRoute(hash).place, { page: "home" });
});

test("addresses that lead nowhere say so", () => {
  const wrong = ["#/package", "#/package/", "#/package/a/b/c", "#/%", "#/package/%E0%A4%A", "#/other", "#//", "#/settings/x", "#/search/a/b"];
  for (const hash of wrong) assert.deepEqual(parseRoute(hash), { place: { page: "unknown" }, snapshot: null }, hash);
});

test("what is no name of a snapshot is not looked for", () => {
  for (const name of ["../../other", "a.b", "", "a b", "x".repeat(65), "%2e%2e", "index.json"]) {
    assert.deepEqual(parseRoute(`#/?snapshot=${name}`), { place: { page: "unknown" }, snapshot: null }, name);
  }
});

test("half a surrogate pair makes an address all the same", () => {
  assert.equal(hrefOf({ page: "search", text: "a\ud800" }, null), "#/search/a%EF%BF%BD");
});
