// channel.json, see schemas/channel.schema.json: checked key by key, since whoever may write it may write anything.
import type { Descriptor } from "../model";
import { count, fail } from "./faults";

export const CHANNEL_JSON = "channel.json";
export const MAX_DESCRIPTOR = 1 << 20;
const VERSION = 2;
const MAX_SUBDIRS = 64;

// The patterns of the package's `channel/patterns.py`.
const SEGMENT = "[A-Za-z0-9_-][A-Za-z0-9._-]*";
const PREFIX = `(?!.{513})${SEGMENT}(?:/${SEGMENT})*`;
const BUCKET = "[A-Za-z0-9][A-Za-z0-9._-]{2,62}";
const HOST = String.raw`(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?`;
const NAME = whole("[A-Za-z0-9_-][A-Za-z0-9._-]{0,511}");
const KIND = whole("[a-z][a-z0-9-]{0,31}");
const URL_OF_WEB = whole(`https?://${HOST}(?:/[A-Za-z0-9._~%+@:=,/-]{0,1024})?`);
const ENDPOINT = whole(`https?://${HOST}`);
const REGION = whole("[A-Za-z0-9._-]{1,64}");
const SUBDIR = whole("[a-z][a-z0-9]{1,31}(?:-[a-z0-9]{1,31})?");

function whole(form: string): RegExp {
  return new RegExp(`^(?:${form})$`);
}

type Document = Readonly<Record<string, unknown>>;

// The descriptor, and whether the channel has a page and summaries. Throws FaultError.
export function parseDescriptor(data: Uint8Array): { descriptor: Descriptor; hasPage: boolean } {
  const document = jsonObject(data, CHANNEL_JSON, "ask who runs the channel to run `pulumi up`, which writes it again");
  const version = document["version"] ?? 1;
  if (typeof version === "number" && version > VERSION) {
    fail(
      "damaged",
      CHANNEL_JSON,
      `version ${count(version)} of it is newer than this page, which reads up to version ${VERSION}`,
      "ask who runs the channel to run `pulumi up` with the newest chaninfra, which puts the page of that version",
    );
  }
  const text = (key: string, pattern: RegExp): string => {
    const found = document[key];
    return typeof found === "string" && pattern.test(found) ? found : wrong(key);
  };
  const one = <T extends string>(key: string, ...values: readonly T[]): T =>
    values.find((each) => each === document[key]) ?? wrong(key);
  const subdirs = document["subdirs"];
  if (!Array.isArray(subdirs) || subdirs.length < 1 || subdirs.length > MAX_SUBDIRS) wrong("subdirs");
  if (!subdirs.every((each) => typeof each === "string" && SUBDIR.test(each))) wrong("subdirs");
  const visibility = one("visibility", "private", "organization", "public");
  const index = document["index"];
  const monolith = isObject(index) ? index["monolith"] : undefined;
  const bucket = text("bucket", whole(BUCKET));
  const prefix = text("prefix", whole(`(?:${PREFIX})?`));
  const url = text("url", whole(`s3://${BUCKET}(?:/${PREFIX})?`));
  if (url !== `s3://${bucket}${prefix ? "/" : ""}${prefix}`) wrong("url");
  const descriptor: Descriptor = {
    name: text("name", NAME),
    provider: text("provider", KIND),
    bucket,
    prefix,
    url,
    "public-url": document["public-url"] == null ? null : text("public-url", URL_OF_WEB),
    "endpoint-url": text("endpoint-url", ENDPOINT),
    region: text("region", REGION),
    "force-path-style": typeof document["force-path-style"] === "boolean" ? document["force-path-style"] : wrong("force-path-style"),
    visibility,
    auth: one("auth", "aws", "pixi", "public"),
    subdirs: [...new Set(subdirs.map(String))],
    index: { monolith: monolith ?? "each-commit" },
  };
  const page = document["page"];
  return { descriptor, hasPage: typeof page === "boolean" ? page : visibility === "public" };
}

function wrong(key: string): never {
  fail(
    "damaged",
    CHANNEL_JSON,
    `\`${key}\` is missing, or is not what a channel has there`,
    "ask who runs the channel to run `pulumi up`, which writes it again",
  );
}

export function isObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// The JSON object in these bytes. Throws FaultError.
export function jsonObject(data: Uint8Array, path: string, remedy: string): Document {
  try {
    const document: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
    if (isObject(document)) return document;
  } catch {
    // Said below.
  }
  fail("damaged", path, "it is not JSON, or no JSON object", remedy);
}
