// Reads files of the channel: bounded in bytes and in time, and only from the origin of the page.
import { type Descriptor, type Fault, FaultError } from "../model";
import { count, fail } from "./faults";

const STALLED_MS = 30_000;
const WHOLE_MS = 300_000;
const OTHERS_MS = 2_000;
const CORS =
  "open the page at the channel's own URL; a page of another origin needs it in `cors-origins` of the stack config";

// A file with the hash of its content in its name is always the same. Of all others a cache asks first whether it has
// them as they are now, which the server answers without a body: Cache-Control lets it keep an index for minutes, in
// which the page would not show what was published, and would look for what was deleted.
const LASTING = /\/[0-9a-f]{64}\.msgpack\.zst$/;
// A browser asks by ETag and Last-Modified, and MinIO says "not modified" if only one of them is as it was. So of a file
// that was written twice in one second it would say so of the first one, as long as the browser keeps that.
const YOUNG_MS = 2_000;
const SECOND_MS = 1_000;

export interface Limits {
  // Without a byte for so long, and in all.
  readonly stalledMs: number;
  readonly wholeMs: number;
  // How long the first list waits for the other indexes, once it has one.
  readonly othersMs: number;
}

// Reads paths relative to a folder, and counts what it has read.
export class Fetcher {
  requests = 0;
  bytes = 0;
  readonly base: URL;

  constructor(
    base: URL,
    readonly limits: Limits = { stalledMs: STALLED_MS, wholeMs: WHOLE_MS, othersMs: OTHERS_MS },
  ) {
    this.base = new URL("./", base);
    this.base.search = "";
  }

  // Where a path lies: "noarch/shards/…".
  url(path: string): URL {
    return new URL(path.split("/").map(encodeURIComponent).join("/"), this.base);
  }

  // The bytes of the file; null where there is none. What else prevents it is thrown as FaultError.
  async get(path: string, most: number, url: URL = this.url(path)): Promise<Uint8Array<ArrayBuffer> | null> {
    if (LASTING.test(url.pathname)) return (await this.#read(path, most, url, "default")).data;
    const { data, isYoung } = await this.#read(path, most, url, "no-cache");
    if (!isYoung) return data;
    await new Promise((done) => setTimeout(done, SECOND_MS));
    return (await this.#read(path, most, url, "reload")).data;
  }

  async #read(path: string, most: number, url: URL, cache: RequestCache): Promise<Got> {
    this.requests += 1;
    const { stalledMs, wholeMs } = this.limits;
    const abort = new AbortController();
    let late: string | null = null;
    const stop = (why: string) => {
      late ??= why;
      abort.abort();
    };
    const whole = setTimeout(() => stop(`takes longer than ${wholeMs / 1000} seconds`), wholeMs);
    const began = () => setTimeout(() => stop(`sent nothing for ${stalledMs / 1000} seconds`), stalledMs);
    let stalled = began();
    try {
      const response = await fetch(url, { signal: abort.signal, redirect: "follow", cache });
      const body = this.#body(response, path, url);
      if (body === null) {
        await response.body?.cancel();
        return { data: null, isYoung: false };
      }
      const length = Number(response.headers.get("content-length") ?? 0);
      if (length > most && !response.headers.has("content-encoding")) tooLarge(path, most);
      const parts: Uint8Array[] = [];
      let size = 0;
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        clearTimeout(stalled);
        if (done) break;
        stalled = began();
        size += value.length;
        this.bytes += value.length;
        if (size > most) tooLarge(path, most);
        parts.push(value);
      }
      return { data: joined(parts, size), isYoung: isYoung(response) };
    } catch (error) {
      if (late !== null) fail("network", path, `${url.host} ${late}`, "load the page again, or try later");
      // What fetch raises where the browser tells no more: no connection, CORS, or the Content-Security-Policy.
      if (error instanceof TypeError) {
        const other = url.origin !== this.base.origin || this.#isForeign();
        fail(
          "network",
          path,
          `the browser could not read it from ${url.origin}: the network, the access rules for web pages (CORS), or a ` +
            "redirect to another host stopped it",
          other ? CORS : `look whether ${url.origin} answers; ${CORS}`,
        );
      }
      throw error;
    } finally {
      clearTimeout(whole);
      clearTimeout(stalled);
      abort.abort();
    }
  }

  #isForeign(): boolean {
    return typeof location !== "undefined" && location.origin !== this.base.origin;
  }

  #body(response: Response, path: string, url: URL): ReadableStream<Uint8Array> | null {
    const from = response.url ? new URL(response.url) : url;
    if (response.redirected && from.origin !== this.base.origin) {
      fail("network", path, `${url.origin} redirects it to ${from.origin}, and the page reads no other host`, CORS);
    }
    if (response.status === 404 || response.status === 410) return null;
    if (response.status === 401 || response.status === 403) {
      fail(
        "denied",
        path,
        `${url.host} says that you may not read it, or that it is not there (HTTP ${response.status})`,
        "a private channel is read with your credentials: `chaninfra browse`",
      );
    }
    if (!response.ok) {
      fail("network", path, `${url.host} answers with HTTP ${response.status}`, "load the page again, or try later");
    }
    return response.body ?? new Response(new Uint8Array()).body;
  }
}

// A file that need not be there. A store that lets nobody list says "denied" of what is not there.
export async function optional(fetcher: Fetcher, path: string, most: number): Promise<Uint8Array | null> {
  try {
    return await fetcher.get(path, most);
  } catch (error) {
    if (error instanceof FaultError && error.fault.kind === "denied") return null;
    throw error;
  }
}

// A file that has to be there. Where everybody may read, a store that lets nobody list says "denied" of what is missing.
export async function needed(
  fetcher: Fetcher,
  { visibility }: Descriptor,
  path: string,
  most: number,
  missing: Pick<Fault, "message" | "remedy">,
  url = fetcher.url(path),
): Promise<Uint8Array> {
  let denied = "";
  try {
    const data = await fetcher.get(path, most, url);
    if (data !== null) return data;
  } catch (error) {
    if (!(error instanceof FaultError && error.fault.kind === "denied" && visibility === "public")) throw error;
    denied = `; or it is not public as the channel is: ${error.fault.message}`;
  }
  fail("missing", path, missing.message + denied, missing.remedy);
}

interface Got {
  readonly data: Uint8Array<ArrayBuffer> | null;
  // Whether it was written just before it was sent.
  readonly isYoung: boolean;
}

function isYoung({ headers }: Response): boolean {
  const [sent, written] = ["date", "last-modified"].map((name) => Date.parse(headers.get(name) ?? ""));
  return sent !== undefined && written !== undefined && Math.abs(sent - written) < YOUNG_MS;
}

function tooLarge(path: string, most: number): never {
  fail("too-large", path, `it has more than ${count(most)} bytes`, "ask who runs the channel; `chaninfra doctor` looks");
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
