// Faults of what is read, and texts of it as they may be shown.
import { FaultError, type Fault } from "../model";

export function fault(kind: Fault["kind"], path: string, message: string, remedy: string): Fault {
  return { kind, path, message, remedy };
}

export function fail(kind: Fault["kind"], path: string, message: string, remedy: string): never {
  throw new FaultError(fault(kind, path, message, remedy));
}

// The fault in what was thrown; what is none of ours is a mistake of this page, and is thrown again.
export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  throw error;
}

// Control characters, and those that change the order or the lines of what a page shows.
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const BREAKS = /[\t\n]/g;
// What people read keeps these: without them words of Persian and Hindi are others, and an emoji of several falls apart.
// They turn nothing around. Names and versions have none.
export const JOINERS = "\u200c\u200d";
const JOINER = new RegExp(`[${JOINERS}]`, "gu");

// The text on one line, of at most `most` characters, with � for what cannot be seen.
export function line(text: string, most: number): string {
  return lines(text, most).replace(BREAKS, " ").replace(JOINER, "\ufffd");
}

// The same of a text that people read, with its line breaks and joiners. It is not cut in the middle of a surrogate pair.
export function lines(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…` : text;
  return cut.replace(/\r\n/g, "\n").replace(UNSEEN, "\ufffd");
}

// "1,234"
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

const WEB = /^https?:\/\/[!-~]{1,2000}$/i;

// The URL if it is one of the web that may be shown as a link, else null. One with a user name looks like another host.
export function webUrl(text: unknown): string | null {
  if (typeof text !== "string" || !WEB.test(text)) return null;
  try {
    const url = new URL(text);
    return url.username || url.password ? null : url.href;
  } catch {
    return null;
  }
}
