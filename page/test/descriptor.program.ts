// Prints for each line of stdin, a channel.json, what the page reads of it, or `null` where it reads none; for the test
// that compares it with chaninfra.
import { readFileSync } from "node:fs";
import { parseDescriptor } from "../src/data/descriptor";
import { FaultError } from "../src/model";

for (const line of readFileSync(0, "utf8").split("\n").filter((each) => each !== "")) {
  let found: unknown = null;
  try {
    found = parseDescriptor(new TextEncoder().encode(line));
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
