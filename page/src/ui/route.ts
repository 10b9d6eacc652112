// Places on the page, as the hash of its URL has them:
//
//   #/  #/search/TEXT  #/package/NAME  #/package/NAME/VERSION  #/settings
//
// with `?snapshot=NAME` at the end when the page shows a snapshot. The hash is input: whoever made the link wrote it.

export type Place =
  | { readonly page: "home" }
  | { readonly page: "search"; readonly text: string }
  | { readonly page: "package"; readonly name: string; readonly version: string | null }
  | { readonly page: "settings" }
  | { readonly page: "unknown" };

export interface Route {
  readonly place: Place;
  // The name of a snapshot; null: the channel as it is now.
  readonly snapshot: string | null;
}

export const HOME: Place = { page: "home" };
const UNKNOWN: Place = { page: "unknown" };
// As chaninfra names snapshots.
const SNAPSHOT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

// `hash` as location.hash has it: empty, or with "#" at its beginning.
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = split(hash.replace(/^#/, ""), "?");
  const snapshot = new URLSearchParams(query).get("snapshot");
  if (snapshot !== null && !SNAPSHOT.test(snapshot)) return { place: UNKNOWN, snapshot: null };
  return { place: parsePlace(path), snapshot };
}

function parsePlace(path: string): Place {
  let words: string[];
  try {
    words = path.replace(/^\//, "").split("/").map(decodeURIComponent);
  } catch {
    return UNKNOWN;
  }
  const [page = "", first = "", second = "", ...more] = words;
  if (more.length > 0) return UNKNOWN;
  if (page === "" && words.length === 1) return HOME;
  if (page === "settings" && words.length === 1) return { page };
  if (page === "search" && second === "") return first === "" ? HOME : { page, text: first };
  if (page === "package" && first !== "") return { page, name: first, version: second === "" ? null : second };
  return UNKNOWN;
}

export function hrefOf(place: Place, snapshot: string | null): string {
  return `#/${pathOf(place)}${snapshot === null ? "" : `?snapshot=${encoded(snapshot)}`}`;
}

function pathOf(place: Place): string {
  switch (place.page) {
    case "search":
      return `search/${encoded(place.text)}`;
    case "package":
      return `package/${encoded(place.name)}${place.version === null ? "" : `/${encoded(place.version)}`}`;
    case "settings":
      return "settings";
    default:
      return "";
  }
}

// As encodeURIComponent, which throws at half a surrogate pair.
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, "\ufffd"));
}

function split(text: string, at: string): readonly string[] {
  const place = text.indexOf(at);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + 1)];
}
