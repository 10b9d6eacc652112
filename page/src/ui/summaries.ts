// Summaries of the rows that are in view, a few requests at a time.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Channel, Summary } from "../model";

const AT_ONCE = 4;
// A row that somebody scrolls or types past asks for nothing.
const PATIENCE_MS = 150;

// The summaries of a channel, each of which is asked for once.
export class Summaries {
  readonly known = new Map<string, Summary | null>();
  private readonly waiting = new Map<string, (summary: Summary | null) => void>();
  private running = 0;

  constructor(private readonly channel: Pick<Channel, "summary">) {}

  // Calls `done` when the summary is there; the function that it returns takes that back.
  want(name: string, done: (summary: Summary | null) => void): () => void {
    this.waiting.set(name, done);
    this.next();
    return () => {
      if (this.waiting.get(name) === done) this.waiting.delete(name);
    };
  }

  private next(): void {
    for (const [name, done] of this.waiting) {
      if (this.running >= AT_ONCE) return;
      this.waiting.delete(name);
      this.running += 1;
      // A summary is a courtesy: one that cannot be read is none.
      this.channel
        .summary(name)
        .catch(() => null)
        .then((summary) => {
          this.known.set(name, summary);
          done(summary);
          this.running -= 1;
          this.next();
        });
    }
  }
}

const all = new WeakMap<Channel, Summaries>();

function summariesOf(channel: Channel): Summaries {
  const known = all.get(channel);
  if (known) return known;
  const made = new Summaries(channel);
  all.set(channel, made);
  return made;
}

// A ref for the row of a name, and its summary once the row was in view.
export function useSummary<T extends HTMLElement>(channel: Channel, name: string) {
  const row = useRef<T>(null);
  const summaries = summariesOf(channel);
  const [, setChanged] = useState({});
  useEffect(() => {
    const element = row.current;
    if (!element || summaries.known.has(name)) return;
    let forget = () => {};
    const observer = new IntersectionObserver((entries) => {
      forget();
      if (!entries.some((entry) => entry.isIntersecting)) return;
      const timer = setTimeout(() => {
        forget = summaries.want(name, () => setChanged({}));
        observer.disconnect();
      }, PATIENCE_MS);
      forget = () => clearTimeout(timer);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      forget();
    };
  }, [summaries, name]);
  return [row, summaries.known.get(name) ?? null] as const;
}
