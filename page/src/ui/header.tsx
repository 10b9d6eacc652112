// The channel's name, the search field, and where else one can go.
import { useEffect, useRef } from "preact/hooks";
import type { Channel } from "../model";
import { focusFirstResult } from "./home";
import { useLoaded } from "./hooks";
import { Inside, Sentence, Word } from "./parts";
import { HOME, hrefOf, type Route } from "./route";
import { counted, minute, timeOf, visible } from "./text";

interface Props {
  readonly route: Route;
  // null until it is read.
  readonly channel: Channel | null;
  readonly onSearch: (text: string) => void;
  // Before another view is opened.
  readonly onOpen: () => void;
}

interface WithSkip extends Props {
  // Moves the focus to the content.
  readonly onSkip: () => void;
}

export function Header({ route, channel, onSearch, onOpen, onSkip }: WithSkip) {
  const { place, snapshot } = route;
  return (
    <header onClickCapture={onOpen}>
      <a
        class="skip"
        href={hrefOf(place, snapshot)}
        onClick={(event) => {
          event.preventDefault();
          onSkip();
        }}
      >
        Skip to the content
      </a>
      <div class="bar-top">
        <Inside class="brand" to={HOME} snapshot={snapshot}>
          {channel ? <Word text={channel.descriptor.name} /> : "Channel"}
        </Inside>
        <SearchField route={route} channel={channel} onSearch={onSearch} onOpen={onOpen} />
        <nav aria-label="Channel">
          <Inside to={HOME} snapshot={snapshot} current={place.page === "home"}>
            Packages
          </Inside>
          <Inside to={{ page: "settings" }} snapshot={snapshot} current={place.page === "settings"}>
            Settings
          </Inside>
          {channel && <Snapshots route={route} channel={channel} />}
        </nav>
      </div>
      {snapshot !== null && (
        <p class="banner">
          <strong>Snapshot {visible(snapshot)}.</strong> The packages as they were then, not as they are now.{" "}
          <Inside to={place.page === "unknown" ? HOME : place} snapshot={null}>
            Show the channel as it is now
          </Inside>
        </p>
      )}
    </header>
  );
}

function SearchField({ route, channel, onSearch, onOpen }: Props) {
  const text = route.place.page === "search" ? route.place.text : "";
  const submit = (event: Event) => {
    event.preventDefault();
    onOpen();
    if (!channel || text === "") return;
    const [first] = channel.search(text, 1).names;
    if (first !== undefined) location.hash = hrefOf({ page: "package", name: first, version: null }, channel.snapshot);
  };
  return (
    <form role="search" onSubmit={submit}>
      <label class="unseen" for="search">
        Search packages
      </label>
      <input
        id="search"
        type="search"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxLength={200}
        placeholder={channel && channel.names.length > 0 ? `Search ${counted(channel.names.length)} names` : "Search packages"}
        value={text}
        onInput={(event) => onSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          focusFirstResult();
        }}
      />
    </form>
  );
}

// A menu of links: each snapshot has an address, which can be sent to others.
function Snapshots({ route, channel }: { route: Route; channel: Channel }) {
  const [snapshots] = useLoaded(() => channel.snapshots(), [channel]);
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const { target } = event;
      if (menu.current?.open && !(target instanceof Node && menu.current.contains(target))) menu.current.open = false;
    };
    document.addEventListener("click", close);
    document.addEventListener("focusin", close);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("focusin", close);
    };
  }, []);
  if (snapshots.state === "loading") return null;
  if (snapshots.state === "done" && snapshots.value.count === 0) return null;
  const place = route.place.page === "unknown" ? HOME : route.place;
  return (
    <details
      class="menu"
      ref={menu}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !menu.current) return;
        menu.current.open = false;
        menu.current.querySelector("summary")?.focus();
      }}
    >
      <summary>Snapshots</summary>
      <div class="menu-body">
        {snapshots.state === "failed" ? (
          <p>
            <Sentence text={snapshots.fault.message} /> <Sentence text={snapshots.fault.remedy} />
          </p>
        ) : (
          <>
            <ul>
              <li>
                <Inside to={place} snapshot={null} current={route.snapshot === null}>
                  The channel as it is now
                </Inside>
              </li>
              {snapshots.value.list.map(({ name, at }) => (
                <li>
                  <Inside to={place} snapshot={name} current={route.snapshot === name}>
                    {visible(name)} <Moment at={timeOf(at)} />
                  </Inside>
                </li>
              ))}
            </ul>
            {snapshots.value.count > snapshots.value.list.length && (
              <p>
                These are the latest {counted(snapshots.value.list.length)} of {counted(snapshots.value.count)}; all are listed by{" "}
                <code>chaninfra snapshot ls</code>.
              </p>
            )}
          </>
        )}
      </div>
    </details>
  );
}

function Moment({ at }: { at: Date | null }) {
  return at && <span class="quiet">{minute(at)}</span>;
}
