import assert from "node:assert/strict";
import { test } from "node:test";
import type { Summary } from "../src/model";
import { Summaries } from "../src/ui/summaries";

// A channel whose answers come when the test says so.
class Slow {
  readonly asked: string[] = [];
  private readonly answers = new Map<string, { resolve: (summary: Summary | null) => void; reject: (error: Error) => void }>();

  summary(name: string): Promise<Summary | null> {
    this.asked.push(name);
    return new Promise((resolve, reject) => this.answers.set(name, { resolve, reject }));
  }

  async answer(name: string, fails = false): Promise<void> {
    const { resolve, reject } = this.answers.get(name) ?? assert.fail(`nobody asked for ${name}`);
    if (fails) reject(new Error("the network failed"));
    else resolve({ summary: `that of ${name}`, description: null, license: null, home: [], documentation: [], source: [] });
    await new Promise((done) => setTimeout(done));
  }
}

test("four summaries are asked for at once, and the next one when one came", async () => {
  const channel = new Slow();
  const summaries = new Summaries(channel);
  const came: string[] = [];
  for (const name of "abcdef") summaries.want(name, (summary) => came.push(`${name}: ${summary?.summary}`));
  assert.deepEqual(channel.asked, ["a", "b", "c", "d"]);
  await channel.answer("c");
  assert.deepEqual(came, ["c: that of c"]);
  assert.deepEqual(channel.asked, ["a", "b", "c", "d", "e"]);
  assert.equal(summaries.known.get("c")?.summary, "that of c");
});

test("a row that is gone before its turn asks for nothing", async () => {
  const channel = new Slow();
  const summaries = new Summaries(channel);
  const forget = [..."abcdef"].map((name) => summaries.want(name, () => {}));
  forget[4]?.();
  await channel.answer("a");
  assert.deepEqual(channel.asked, ["a", "b", "c", "d", "f"]);
});

test("a summary that cannot be read is none, and stops no other", async () => {
  const channel = new Slow();
  const summaries = new Summaries(channel);
  const came: unknown[] = [];
  for (const name of "abcde") summaries.want(name, (summary) => came.push(summary));
  await channel.answer("a", true);
  assert.deepEqual(came, [null]);
  assert.equal(summaries.known.get("a"), null);
  assert.equal(channel.asked.at(-1), "e");
});
