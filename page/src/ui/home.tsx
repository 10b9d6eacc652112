// The channel, and the search for its packages.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { JOINERS } from "../data/faults";
import type { Channel, Notice } from "../model";
import { publishLine } from "../settings";
import { CopyLine } from "./copy";
import { useLoaded } from "./hooks";
import { FaultBox, Faults, Inside, More, Outside, Subdirs, Title, When, Word } from "./parts";
import { useSummary } from "./summaries";
import { counted, minute, plural, PROSE, shortened, visible, withLinks } from "./text";
import { keep, kept } from "./use-route";

// How many names are shown, and how many more by a click.
const SHOWN = 100;

// What a view is given: the channel, whether the focus moves to it, and how the channel is opened once
// more, of which the index may be newer then.
export interface ViewOf {
  readonly channel: Channel;
  readonly focus: boolean;
  readonly again: () => void;
}

export function Home({ channel, focus, again }: ViewOf) {
  const { descriptor } = channel;
  return (
    <>
      <Title focus={focus && !isTyping()}>
        <Word text={descriptor.name} />
      </Title>
      <Facts channel={channel} />
      <Notices channel={channel} />
      <Faults faults={channel.faults} again={again} />
      {channel.names.length > 0 ? (
        <section aria-labelledby="packages">
          <h2 id="packages">Packages</h2>
          <Results channel={channel} text="" focus={focus} />
        </section>
      ) : (
        isWhole(channel) && <Empty channel={channel} />
      )}
    </>
  );
}

// Whether the indexes of all subdirs were read.
export function isWhole(channel: Channel): boolean {
  return channel.faults.length === 0 && channel.awaited.length === 0;
}

export function Search({ channel, text, focus, again }: ViewOf & { text: string }) {
  return (
    <>
      <Title focus={focus && !isTyping()}>
        Packages with “<Word text={shortened(text, 100)} />”
      </Title>
      <Faults faults={channel.faults} again={again} />
      <Results channel={channel} text={text} focus={focus} />
    </>
  );
}

// Who types keeps the focus in the search field.
export function isTyping(): boolean {
  return document.activeElement?.id === "search";
}

const READERS: Record<Channel["descriptor"]["visibility"], string> = {
  public: "everyone may read it",
  organization: "those of the organization may read it",
  private: "only those with access may read it",
};

function Facts({ channel }: { channel: Channel }) {
  const { descriptor, subdirs, names } = channel;
  const url = descriptor["public-url"];
  const counts = subdirs.map((subdir) => subdir.count);
  const whole = counts.every((count) => count !== null);
  const packages = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const last = subdirs.reduce<Date | null>(
    (latest, { created }) => (created && (!latest || created > latest) ? created : latest),
    null,
  );
  const below = channel.snapshot === null ? "" : `/snapshots/${channel.snapshot}`;
  return (
    <div class="facts">
      <CopyLine title="s3 URL" label="S3" text={descriptor.url + below} />
      {url && <CopyLine title="https URL" label={url.startsWith("https:") ? "HTTPS" : "HTTP"} text={url.replace(/\/$/, "") + below} />}
      <p>
        A <strong>{descriptor.visibility}</strong> channel: {READERS[descriptor.visibility]}.
      </p>
      <p>
        {whole || packages === 0 ? "" : "At least "}
        <strong>{whole || packages > 0 ? plural(packages, "package") : "Packages"}</strong> with{" "}
        {plural(names.length, "name")} in{" "}
        {plural(subdirs.length, "subdir")}
        {!isWhole(channel) && " that can be read"}
        {last && (
          <>
            , last changed <When time={last} />
          </>
        )}
        .
      </p>
      <ul class="subdirs" aria-label="Subdirs">
        {subdirs.map(({ subdir, count, created }) => (
          <li title={created ? `last changed ${minute(created)}` : undefined}>
            <span class="subdir">{subdir}</span>{" "}
            {count === null ? <span class="quiet">number unknown</span> : counted(count)}
          </li>
        ))}
      </ul>
    </div>
  );
}

const LEVELS: Record<Notice["level"], string> = { info: "Notice", warning: "Warning", critical: "Critical" };

function Notices({ channel }: { channel: Channel }) {
  const [notices] = useLoaded(() => channel.notices(), [channel]);
  if (notices.state === "failed") return <FaultBox fault={notices.fault} />;
  if (notices.state === "loading" || notices.value.length === 0) return null;
  return (
    <section aria-label="Notices">
      {notices.value.map((notice) => (
        <div class={`box notice ${notice.level}`}>
          <p dir="auto">
            <strong>{LEVELS[notice.level]}:</strong> <Linked text={notice.message} />
          </p>
        </div>
      ))}
    </section>
  );
}

function Linked({ text }: { text: string }) {
  return (
    <>
      {withLinks(text).map((part) =>
        part.url ? <Outside href={part.text}>{part.text}</Outside> : visible(part.text, PROSE),
      )}
    </>
  );
}

function Empty({ channel }: { channel: Channel }) {
  const { descriptor } = channel;
  return (
    <section aria-labelledby="packages">
      <h2 id="packages">Packages</h2>
      <p>
        {channel.snapshot === null ? "This channel has no packages yet." : "This snapshot has no packages."}
      </p>
      {channel.snapshot === null && (
        <>
          <p>Who may publish here puts the first one into it with:</p>
          <CopyLine title="publish command" text={publishLine(descriptor, "my-package-1.0-0.conda")} />
        </>
      )}
    </section>
  );
}

function Results({ channel, text, focus }: { channel: Channel; text: string; focus: boolean }) {
  // Who comes back finds as many names as were shown, and the focus on the one that was opened.
  const before = useMemo(() => {
    const { list } = kept();
    return list?.text === text ? list : { text, most: SHOWN, opened: null };
  }, [text]);
  const [wanted, setWanted] = useState(before);
  const { most } = wanted.text === text ? wanted : before;
  const { names, found } = useMemo(() => channel.search(text, most), [channel, text, most]);
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    const place = focus && !isTyping() && before.opened !== null ? names.indexOf(before.opened) : -1;
    list.current?.children[place]?.querySelector("a")?.focus({ preventScroll: true });
  }, []);
  const show = (more: number) => {
    const next = { text, most: more, opened: null };
    setWanted(next);
    keep({ list: next });
  };
  if (found === 0) {
    return (
      <div class="results" id="results">
        <p role="status">No package has this in its name.</p>
        <p>A part of the name is enough; summaries and descriptions are not searched.</p>
      </div>
    );
  }
  return (
    <div class="results" id="results">
      <p class="quiet" role="status">
        {found > names.length
          ? `Showing ${counted(names.length)} of ${counted(found)} names; ${text === "" ? "type a part of one to search" : "go on typing"}.`
          : `${plural(found, "name")}.`}
      </p>
      <ul ref={list} aria-label="Packages found" onKeyDown={moveInList}>
        {names.map((name) => (
          <Row key={name} channel={channel} name={name} onOpen={() => keep({ list: { text, most, opened: name } })} />
        ))}
      </ul>
      {found > names.length && (
        <More show={() => show(most + 4 * SHOWN)}>
          Show {counted(Math.min(4 * SHOWN, found - names.length))} more
        </More>
      )}
    </div>
  );
}

function Row({ channel, name, onOpen }: { channel: Channel; name: string; onOpen: () => void }) {
  const [row, summary] = useSummary<HTMLLIElement>(channel, name);
  return (
    <li ref={row} onClick={onOpen}>
      <Inside class="name" to={{ page: "package", name, version: null }} snapshot={channel.snapshot}>
        <Word text={name} />
      </Inside>
      <Subdirs names={channel.subdirsOf(name)} most={3} />
      <span class="what" dir="auto">
        {summary?.summary ? visible(shortened(summary.summary, 200), JOINERS) : ""}
      </span>
    </li>
  );
}

// Arrow keys go up and down the links of the list; above the first is the search field.
function moveInList(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return;
  const links = [...event.currentTarget.querySelectorAll("a")];
  const place = links.findIndex((link) => link === document.activeElement) + step;
  event.preventDefault();
  (place < 0 ? document.querySelector<HTMLElement>("#search") : links[place])?.focus();
}

export function focusFirstResult(): void {
  document.querySelector<HTMLElement>("#results a")?.focus();
}
