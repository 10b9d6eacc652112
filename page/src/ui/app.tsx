// The page: its header, and the view that the address names.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Channel } from "../model";
import { isBrowsed } from "./builds";
import { Announce } from "./copy";
import { Header } from "./header";
import { Home, isTyping, Search, type ViewOf } from "./home";
import { useLoaded } from "./hooks";
import { Package } from "./package";
import { BASE, Browsed, Faults, Guard, Inside, Skeleton, Title, Word } from "./parts";
import { HOME, type Place } from "./route";
import { Settings } from "./settings";
import { shortened, visible } from "./text";
import { useRoute } from "./use-route";

// Opens the channel, or a snapshot of it.
export type Open = (snapshot: string | null) => Promise<Channel>;

export function App({ open }: { open: Open }) {
  const { route, visits, showSearch, flush } = useRoute();
  const { place, snapshot } = route;
  const [loaded, again, attempts] = useLoaded(() => open(snapshot), [snapshot]);
  // The page began with its first view; to each that comes after it, and with each new attempt, the focus moves.
  const focus = visits + attempts > 0;
  const attempt = `${snapshot} ${visits} ${attempts}`;
  const [said, setSaid] = useState("");
  const announce = useCallback((text: string) => {
    // The same sentence twice is read twice.
    setSaid("");
    setTimeout(() => setSaid(text), 50);
  }, []);
  const channel = useWhole(loaded.state === "done" ? loaded.value : null);
  useTitle(place, channel);
  const main = useRef<HTMLElement>(null);
  return (
    <Announce.Provider value={announce}>
      <Header route={route} channel={channel} onSearch={showSearch} onOpen={flush} onSkip={() => main.current?.focus()} />
      <main ref={main} tabIndex={-1} onClickCapture={flush} aria-busy={loaded.state === "loading"}>
        {loaded.state === "loading" ? (
          <>
            <Title key={attempt} focus={focus && !isTyping()}>{place.page === "package" ? <Word text={place.name} /> : "Channel"}</Title>
            <Skeleton lines={10}>Reading channel.json and the index of each subdir…</Skeleton>
          </>
        ) : loaded.state === "failed" ? (
          <>
            <Title key={attempt} focus={focus}>{snapshot === null ? "The channel" : "The snapshot"} cannot be shown</Title>
            <Faults faults={[loaded.fault]} again={again} />
            {snapshot !== null && (
              <p>
                <Inside to={HOME} snapshot={null}>
                  Show the channel as it is now
                </Inside>
              </p>
            )}
          </>
        ) : (
          channel && (
            <Browsed.Provider value={isBrowsed(BASE, channel.descriptor["public-url"])}>
              {channel.awaited.length > 0 && (
                <p role="status">Still reading the index of {channel.awaited.join(", ")}, which is not shown yet…</p>
              )}
              <Guard key={keyOf(place, visits)}>
                <View channel={channel} place={place} focus={focus} again={again} />
              </Guard>
            </Browsed.Provider>
          )
        )}
      </main>
      <p class="unseen" role="status" aria-live="polite">
        {said}
      </p>
    </Announce.Provider>
  );
}

// The channel, and when the rest of it is there, that with it.
function useWhole(channel: Channel | null): Channel | null {
  const [found, setFound] = useState<{ readonly of: Channel; readonly whole: Channel } | null>(null);
  useEffect(() => {
    let wanted = true;
    // What has failed is in its faults.
    channel?.whole?.then((whole) => wanted && setFound({ of: channel, whole }));
    return () => {
      wanted = false;
    };
  }, [channel]);
  return found !== null && found.of === channel ? found.whole : channel;
}

// Views are made anew for every visit, but for the search while one types.
function keyOf(place: Place, visits: number): string {
  return place.page === "search" ? "search" : `${place.page} ${visits}`;
}

function View({ place, ...view }: ViewOf & { place: Place }) {
  const { channel, focus } = view;
  switch (place.page) {
    case "home":
      return <Home {...view} />;
    case "search":
      return <Search {...view} text={place.text} />;
    case "package":
      return <Package {...view} name={place.name} version={place.version} />;
    case "settings":
      return <Settings channel={channel} focus={focus} />;
    case "unknown":
      return (
        <>
          <Title focus={focus}>There is no such place on this page</Title>
          <p>The address ends in something that this page does not know. A part of the link may be missing.</p>
          <p>
            <Inside to={HOME} snapshot={null}>
              Show all packages
            </Inside>
          </p>
        </>
      );
  }
}

function useTitle(place: Place, channel: Channel | null): void {
  const name = channel?.descriptor.name ?? "conda channel";
  const snapshot = channel?.snapshot ? ` (snapshot ${channel.snapshot})` : "";
  const title = `${titleOf(place)}${name}${snapshot}`;
  useEffect(() => {
    document.title = visible(shortened(title, 300));
  }, [title]);
}

function titleOf(place: Place): string {
  switch (place.page) {
    case "search":
      return `${shortened(place.text, 100)} – search – `;
    case "package":
      return `${shortened(place.name, 100)}${place.version === null ? "" : ` ${shortened(place.version, 60)}`} – `;
    case "settings":
      return "Settings – ";
    case "unknown":
      return "No such place – ";
    default:
      return "";
  }
}
