// The address bar: where the page is, and how it goes elsewhere.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { HOME, hrefOf, parseRoute, type Route } from "./route";

// What an entry of the history keeps, for who comes back to it.
export interface Kept {
  // How far the page was scrolled.
  readonly scroll: number;
  // How many names of a search were shown (`text` is empty for all names), and the name that was opened last.
  readonly list: { readonly text: string; readonly most: number; readonly opened: string | null };
}

export function kept(): Partial<Kept> {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null ? state : {};
}

export function keep(more: Partial<Kept>): void {
  history.replaceState({ ...kept(), ...more }, "", location.href);
}

// Safari allows 100 changes of the address in 30 seconds, so not every letter makes one.
const TYPING_MS = 300;

export interface Navigation {
  readonly route: Route;
  // How often somebody went to another view: 0 for the view that the page began with.
  readonly visits: number;
  // Shows the names with this text at once; the address follows.
  readonly showSearch: (text: string) => void;
  // Brings the address in line with what is shown, and keeps the place in it, before it changes to another.
  readonly flush: () => void;
}

export function useRoute(): Navigation {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  const [visits, setVisits] = useState(0);
  const shown = useRef(route);
  const timer = useRef(0);
  shown.current = route;

  const flush = useCallback(() => {
    keepScroll();
    if (timer.current === 0) return;
    clearTimeout(timer.current);
    timer.current = 0;
    history.replaceState(history.state, "", hrefOf(shown.current.place, shown.current.snapshot));
  }, []);

  const showSearch = useCallback((text: string) => {
    const { place, snapshot } = shown.current;
    if (place.page !== "search") flush();
    const next: Route = { place: text === "" ? HOME : { page: "search", text }, snapshot };
    shown.current = next;
    setRoute(next);
    if (place.page === "search") {
      if (timer.current === 0) timer.current = window.setTimeout(flush, TYPING_MS);
    } else {
      // So that one comes back from the names to the package that was shown before.
      history.pushState({ scroll: 0 } satisfies Partial<Kept>, "", hrefOf(next.place, snapshot));
      scrollTo(0, 0);
    }
  }, []);

  useEffect(() => {
    history.scrollRestoration = "manual";
    // A link makes an entry without a state; going back and forth brings the one that was kept.
    const moved = () => {
      clearTimeout(timer.current);
      timer.current = 0;
      setRoute(parseRoute(location.hash));
      setVisits((number) => number + 1);
      clearTimeout(scrolled);
      const { scroll } = kept();
      requestAnimationFrame(() => scrollTo(0, scroll ?? 0));
    };
    addEventListener("hashchange", moved);
    addEventListener("scroll", keepScrollSoon, { passive: true });
    return () => {
      removeEventListener("hashchange", moved);
      removeEventListener("scroll", keepScrollSoon);
    };
  }, []);

  return { route, visits, showSearch, flush };
}

// With the entry of the history that is shown.
function keepScroll(): void {
  clearTimeout(scrolled);
  keep({ scroll: scrollY });
}

let scrolled = 0;
function keepScrollSoon(): void {
  clearTimeout(scrolled);
  scrolled = window.setTimeout(keepScroll, 200);
}
