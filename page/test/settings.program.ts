// Prints the settings and commands for each line of stdin, for the test that compares them with `chaninfra manifest`.
import { readFileSync } from "node:fs";
import type { Descriptor } from "../src/model";
import { clientSettings, formats, installLines } from "../src/settings";

interface Line {
  readonly descriptor: Descriptor;
  readonly snapshot: string | null;
  readonly name: string;
  readonly version: string | null;
}

for (const line of readFileSync(0, "utf8").split("\n").filter((each) => each !== "")) {
  const { descriptor, snapshot, name, version } = JSON.parse(line) as Line;
  const found = {
    formats: formats(descriptor, snapshot),
    settings: clientSettings(descriptor, snapshot),
    install: installLines(descriptor, name, version, snapshot),
  };
  process.stdout.write(JSON.stringify(found) + "\n");
}
