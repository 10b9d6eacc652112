// Texts that are copied by a click.
import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import type { Snippet } from "../model";
import { Sentence } from "./parts";
import { visible } from "./text";

// Says a sentence to those who do not see that a button changed.
export const Announce = createContext<(text: string) => void>(() => {});

type Outcome = "copied" | "selected";

// Without the clipboard (a page of plain http has none) the text is selected, and the old command tried.
async function copy(text: string, shown: HTMLElement | null): Promise<Outcome> {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    return shown && document.execCommand("copy") ? "copied" : "selected";
  }
}

function CopyButton({ title, text, shown }: { title: string; text: string; shown: () => HTMLElement | null }) {
  const announce = useContext(Announce);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), 2500);
    return () => clearTimeout(timer);
  }, [outcome]);
  const click = async () => {
    const what = await copy(text, shown());
    setOutcome(what);
    announce(what === "copied" ? `${title}: copied.` : `${title}: selected. Copy it with Ctrl+C, or ⌘C on a Mac.`);
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${title}`} onClick={click}>
      {outcome === null ? "Copy" : outcome === "copied" ? "Copied" : "Press Ctrl+C"}
    </button>
  );
}

// One line: an address, a command. What is copied is what is shown.
export function CopyLine({ title, text, label }: { title: string; text: string; label?: string }) {
  const shown = useRef<HTMLElement>(null);
  const safe = visible(text, "\n");
  return (
    <div class="copyline">
      {label && <span class="label">{label}</span>}
      <code ref={shown}>{safe}</code>
      <CopyButton title={title} text={safe} shown={() => shown.current} />
    </div>
  );
}

// A snippet with its title, and what to know beside it.
export function SnippetBox({ snippet }: { snippet: Snippet }) {
  const shown = useRef<HTMLElement>(null);
  const safe = visible(snippet.text, "\n\t");
  return (
    <section class="snippet">
      <div class="snippet-head">
        <h2>{snippet.title}</h2>
        <CopyButton title={snippet.title} text={safe} shown={() => shown.current} />
      </div>
      <pre tabIndex={0} role="group" aria-label={snippet.title}>
        <code ref={shown}>{safe}</code>
      </pre>
      {snippet.notes.map((note) => (
        <p class="note">
          <Sentence text={note} />
        </p>
      ))}
    </section>
  );
}
