// How the page writes what it shows: texts of others, numbers, sizes and times.
import { JOINERS, webUrl } from "../data/faults";

// Control, format (bidi, zero width), line separator and lone surrogate characters.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

// What a text of several lines may have: line ends, tabs, and joiners.
export const PROSE = `\n\t${JOINERS}`;

// The text with each character that cannot be seen, or that turns the others around, as its code: ⟨U+202E⟩.
// Characters in `kept` stay.
export function visible(text: string, kept = ""): string {
  return text.replace(UNSEEN, (found) =>
    kept.includes(found) ? found : `⟨U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

// At most `most` characters, with … where more was.
export function shortened(text: string, most: number): string {
  // Not in the middle of a surrogate pair.
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

// With a full stop at its end.
export function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

// 12,345
export function counted(number: number): string {
  return number.toLocaleString("en-US");
}

// "1 package", "12,345 packages"
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${counted(number)} ${number === 1 ? one : many}`;
}

// A size in bytes as `1.2 kB`, in decimal units, as `chaninfra ls` prints it.
export function humanSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  // 999.95 and more is written with four digits.
  while (size >= (unit === 0 ? 1000 : 999.95) && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

// 2026-11-27
export function day(time: Date): string {
  return time.toISOString().slice(0, -14);
}

// 2026-11-27 12:03 UTC
export function minute(time: Date): string {
  return `${time.toISOString().slice(0, -8).replace("T", " ")} UTC`;
}

// The time that a text says; null if it says none.
export function timeOf(text: string): Date | null {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

// "2 hours ago", seen at `now`.
export function ago(time: Date, now: Date): string {
  const seconds = (time.getTime() - now.getTime()) / 1000;
  for (const [unit, length] of STEPS) {
    const number = Math.trunc(seconds / length);
    if (number !== 0) return new Intl.RelativeTimeFormat("en", { numeric: "always" }).format(number, unit);
  }
  return "just now";
}

// The parts of a text: those that are URLs of https or http which may be links, and what is between them.
export function withLinks(text: string): readonly { readonly text: string; readonly url: boolean }[] {
  return text
    .split(/(https?:\/\/[!-~]*[A-Za-z0-9/#=_-])/)
    .map((part, place) => ({ text: part, url: place % 2 === 1 && webUrl(part) !== null }))
    .filter((part) => part.text !== "");
}
