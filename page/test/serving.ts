// A server of files for tests, and the real ones that the index engine wrote (tests/support/cases/page_data.py).
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { zstdCompressSync } from "./zstd_writer";

// The tests are started in `page/`.
export const DATA = join(process.cwd(), "test/data");

export function file(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(DATA, path)));
}

export type Answer = Uint8Array | string | ((response: ServerResponse) => void);

// What is not in `changed` is that of the real channel.
export class Site {
  readonly changed = new Map<string, Answer>();
  readonly asked: string[] = [];
  // What the caches on the way are told with each of them.
  readonly caching: [string, string | undefined][] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = (request.url ?? "").replace("/team/", "");
      this.asked.push(path);
      this.caching.push([path, request.headers["cache-control"]]);
      const answer = this.changed.get(path) ?? real(path);
      if (typeof answer === "function") answer(response);
      else response.writeHead(200, { "content-length": Buffer.byteLength(answer) }).end(answer);
    });
  }

  static async open(changed: Readonly<Record<string, Answer>> = {}): Promise<Site> {
    const site = new Site();
    for (const [path, answer] of Object.entries(changed)) site.changed.set(path, answer);
    await new Promise<void>((done) => site.#server.listen(0, "127.0.0.1", done));
    return site;
  }

  get url(): URL {
    const { port } = this.#server.address() as AddressInfo;
    return new URL(`http://127.0.0.1:${port}/team/`);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function real(path: string): Answer {
  try {
    return file(`channel/${path}`);
  } catch {
    return status(404);
  }
}

export function status(code: number): Answer {
  return (response) => response.writeHead(code).end("<Error/>");
}

// The bytes as one frame of zstd.
export const packed = zstdCompressSync;
