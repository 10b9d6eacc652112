import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, asSentence, day, humanSize, minute, plural, PROSE, shortened, visible, withLinks } from "../src/ui/text";

test("what cannot be seen, or turns text around, is shown as its code", () => {
  assert.equal(visible("evil\u202egnp.exe"), "evil⟨U+202E⟩gnp.exe");
  assert.equal(visible("a\u0000b\u001b[31m"), "a⟨U+0000⟩b⟨U+001B⟩[31m");
  assert.equal(visible("zero\u200bwidth\ufeff"), "zero⟨U+200B⟩width⟨U+FEFF⟩");
  assert.equal(visible("tag\u{e0041}"), "tag⟨U+E0041⟩");
  assert.equal(visible("half\ud800"), "half⟨U+D800⟩");
  assert.equal(visible("line\u2028para\u2029"), "line⟨U+2028⟩para⟨U+2029⟩");
  for (const bidi of "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") {
    assert.match(visible(`a${bidi}b`), /^a⟨U\+[0-9A-F]{4}⟩b$/);
    assert.match(visible(`a${bidi}b`, PROSE), /^a⟨U\+[0-9A-F]{4}⟩b$/);
  }
});

test("letters of every script stay, and so do the line ends of a longer text", () => {
  const text = "שלום, numpy 数值 – naïve 👍";
  assert.equal(visible(text), text);
  assert.equal(visible("one\n\ttwo", PROSE), "one\n\ttwo");
  assert.equal(visible("one\ntwo"), "one⟨U+000A⟩two");
  assert.equal(visible("می\u200cخواهم 👩\u200d🔬", PROSE), "می\u200cخواهم 👩\u200d🔬");
});

test("a size is written as `chaninfra ls` writes it", () => {
  const sizes: [number, string][] = [[0, "0 B"], [999, "999 B"], [1000, "1.0 kB"], [1234, "1.2 kB"], [999_949, "999.9 kB"], [1_000_000, "1.0 MB"], [3_456_789_012, "3.5 GB"]];
  for (const [bytes, text] of sizes) assert.equal(humanSize(bytes), text);
});

test("times are in UTC, and how long ago is in the largest unit that is whole", () => {
  const now = new Date("2026-11-27T12:03:04Z");
  assert.equal(minute(now), "2026-11-27 12:03 UTC");
  assert.equal(day(now), "2026-11-27");
  const times: [string, string][] = [
    ["2026-11-27T12:03:00Z", "just now"], ["2026-11-27T12:01:00Z", "2 minutes ago"], ["2026-11-27T09:03:04Z", "3 hours ago"],
    ["2026-11-26T12:03:04Z", "1 day ago"], ["2026-09-20T00:00:00Z", "2 months ago"], ["2024-01-01T00:00:00Z", "2 years ago"],
    ["2026-11-27T14:03:04Z", "in 2 hours"],
  ];
  for (const [time, text] of times) assert.equal(ago(new Date(time), now), text);
});

test("counts, sentences and shortened texts", () => {
  assert.equal(plural(1, "build"), "1 build");
  assert.equal(plural(12_345, "dependency", "dependencies"), "12,345 dependencies");
  assert.equal(asSentence("noarch has none"), "noarch has none.");
  assert.equal(asSentence("There is none!"), "There is none!");
  assert.equal(shortened("abcdef", 4), "abc…");
  assert.equal(shortened("abcd", 4), "abcd");
  // Not in the middle of a character that takes two units of UTF-16.
  assert.equal(shortened("ab😀cd", 4), "ab…");
  assert.equal(shortened("ab😀cd", 5), "ab😀…");
});

test("links in a text are of https and http only, and end before the full stop", () => {
  assert.deepEqual(withLinks("see https://example.com/news. Or not"), [
    { text: "see ", url: false }, { text: "https://example.com/news", url: true }, { text: ". Or not", url: false },
  ]);
  assert.deepEqual(withLinks("javascript:alert(1) data:text/html,x"), [{ text: "javascript:alert(1) data:text/html,x", url: false }]);
  // What looks like another host than it is.
  for (const text of ["https://github.com@evil.example/login", "http://user:word@example.com/"]) {
    assert.deepEqual(withLinks(text), [{ text, url: false }]);
  }
  assert.equal(withLinks(`https://${"a.".repeat(5000)}`).map((part) => part.text).join(""), `https://${"a.".repeat(5000)}`);
});
