// Small parts that the views are made of.
import { Component, type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Fault } from "../model";
import { faultOf } from "./hooks";
import { hrefOf, type Place } from "./route";
import { ago, asSentence, counted, humanSize, minute, PROSE, visible } from "./text";

// A text of others on one line: a name, a version. It does not turn around what stands beside it.
export function Word({ text }: { text: string }) {
  return <bdi>{visible(text)}</bdi>;
}

// A text of others of several lines.
export function Prose({ text }: { text: string }) {
  const paragraphs = text.replace(/\r\n?/g, "\n").trim().split(/\n{2,}/);
  return (
    <>
      {paragraphs.map((paragraph) => (
        <p class="prose" dir="auto">
          {visible(paragraph, PROSE)}
        </p>
      ))}
    </>
  );
}

// A link to another site; what is no URL of https or http stays text.
export function Outside({ href, children }: { href: string; children: ComponentChildren }) {
  if (!/^https?:\/\//i.test(href)) return <>{children}</>;
  return (
    <a href={href} rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

export function Inside(props: {
  to: Place;
  snapshot: string | null;
  children: ComponentChildren;
  class?: string;
  current?: boolean;
}) {
  const { to, snapshot, children, current, ...more } = props;
  return (
    <a href={hrefOf(to, snapshot)} aria-current={current ? "page" : undefined} {...more}>
      {children}
    </a>
  );
}

// The first `most` subdirs, and how many there are besides.
export function Subdirs({ names, most }: { names: readonly string[]; most: number }) {
  return (
    <span class="quiet where">
      {names.slice(0, most).map((name) => (
        <span key={name}>{name} </span>
      ))}
      {names.length > most && <span title={names.slice(most).join(" ")}>and {names.length - most} more</span>}
    </span>
  );
}

// "2 hours ago (2026-11-27 12:03 UTC)"
export function When({ time }: { time: Date }) {
  return (
    <>
      {ago(time, new Date())} <span class="quiet">({minute(time)})</span>
    </>
  );
}

export function Size({ bytes }: { bytes: number }) {
  return <span title={`${counted(bytes)} bytes`}>{humanSize(bytes)}</span>;
}

// The heading of a view. The focus moves to it when somebody comes from another view.
export function Title({ children, focus }: { children: ComponentChildren; focus: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (focus) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

const KINDS: Record<Fault["kind"], string> = {
  missing: "Not found",
  denied: "Not allowed",
  network: "Not reached",
  damaged: "Not readable",
  "too-large": "Too large",
};

// A message, with the commands that it has in backquotes.
export function Sentence({ text }: { text: string }) {
  return (
    <>
      {asSentence(visible(text, PROSE))
        .split("`")
        .map((part, place) => (place % 2 === 1 ? <code>{part}</code> : part))}
    </>
  );
}

// Where the page's folder is.
export const BASE = new URL(".", document.baseURI).href;

// Whether the page is that of `chaninfra browse`.
export const Browsed = createContext(false);

const OTHER_CREDENTIALS =
  "the credentials that `chaninfra browse` runs with may not read it: start it with others, for example with " +
  "`--profile`, or ask who runs the channel";

// What went wrong, where, and what to do.
export function FaultBox({ fault, children }: { fault: Fault; children?: ComponentChildren }) {
  const remedy = useContext(Browsed) && fault.kind === "denied" ? OTHER_CREDENTIALS : fault.remedy;
  return (
    <div class="box fault" role="alert">
      <p>
        <strong>{KINDS[fault.kind]}:</strong> <Sentence text={fault.message} />
      </p>
      {fault.path !== "" && (
        <p>
          Where: <code>{visible(fault.path)}</code>
        </p>
      )}
      {remedy !== "" && (
        <p>
          What to do: <Sentence text={remedy} />
        </p>
      )}
      {children}
    </div>
  );
}

// All that went wrong, and one button to try again, in the last box.
export function Faults({ faults, again }: { faults: readonly Fault[]; again: () => void }) {
  return (
    <>
      {faults.map((fault, place) => (
        <FaultBox fault={fault}>
          {place === faults.length - 1 && (
            <button type="button" onClick={again}>
              Try again
            </button>
          )}
        </FaultBox>
      ))}
    </>
  );
}

// Says what a view threw, in place of it.
export class Guard extends Component<{ children: ComponentChildren }, { fault: Fault | null }> {
  override state: { fault: Fault | null } = { fault: null };

  static override getDerivedStateFromError(error: unknown): { fault: Fault } {
    return { fault: faultOf(error) };
  }

  override render() {
    return this.state.fault ? <FaultBox fault={this.state.fault} /> : this.props.children;
  }
}

// Lines of grey where text will be; `children` says what is read.
export function Skeleton({ lines, children }: { lines: number; children: ComponentChildren }) {
  return (
    <div class="skeleton">
      <p role="status">{children}</p>
      <div aria-hidden="true">
        {Array.from({ length: lines }, () => (
          <div class="bar" />
        ))}
      </div>
    </div>
  );
}

// The button below a list that shows more of it. The focus goes on to the first new item: the button moves away, or is gone.
export function More({ show, children }: { show: () => void; children: ComponentChildren }) {
  const click = (event: Event) => {
    const above = event.currentTarget instanceof Element ? event.currentTarget.previousElementSibling : null;
    const last = above?.localName === "ul" ? above.lastElementChild : above;
    show();
    requestAnimationFrame(() => focusOn(last?.nextElementSibling));
  };
  return (
    <button type="button" class="more" onClick={click}>
      {children}
    </button>
  );
}

// What is pressed in it first, else itself.
function focusOn(item: Element | null | undefined): void {
  if (!(item instanceof HTMLElement)) return;
  const pressed = item.querySelector<HTMLElement>("a, summary, button");
  if (!pressed) item.tabIndex = -1;
  (pressed ?? item).focus();
}

// The first `first` items, and a button for `step` more of them.
export function Some<T>(props: {
  items: readonly T[];
  first: number;
  step: number;
  // What they are: "versions".
  noun: string;
  list: (items: readonly T[]) => ComponentChildren;
}) {
  const { items, first, step, noun, list } = props;
  const [most, setMost] = useState(first);
  useEffect(() => setMost(first), [items]);
  const left = items.length - most;
  return (
    <>
      {list(left > 0 ? items.slice(0, most) : items)}
      {left > 0 && (
        <More show={() => setMost(most + step)}>
          {left <= step ? `Show the other ${counted(left)} ${noun}` : `Show ${counted(step)} more of ${counted(left)} ${noun}`}
        </More>
      )}
    </>
  );
}

// A details element whose content is made when it opens.
export function Fold(props: { open?: boolean; class?: string; summary: ComponentChildren; children: () => ComponentChildren }) {
  const [open, setOpen] = useState(props.open ?? false);
  return (
    <details class={props.class} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{props.summary}</summary>
      {open && props.children()}
    </details>
  );
}
