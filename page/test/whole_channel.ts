import { openChannel } from "../src/data/channel";
import { Fetcher } from "../src/data/fetching";
import type { Channel } from "../src/model";

/** A channel with all its subdirs, however slow the machine is. */
export function wholeChannel(url: URL, snapshot?: string): Promise<Channel> {
  return openChannel(url, snapshot, new Fetcher(url, { stalledMs: 30_000, wholeMs: 60_000, othersMs: 30_000 }));
}
