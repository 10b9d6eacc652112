// What the parts of the page have in common: loading, and the state of the address bar.
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { type Fault, FaultError } from "../model";

export type Loaded<T> =
  | { readonly state: "loading" }
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly fault: Fault };

const LOADING = { state: "loading" } as const;

// What `load` gives for these inputs, a function that tries again, and how often it was called. An answer for earlier
// inputs is dropped.
export function useLoaded<T>(
  load: () => Promise<T>,
  inputs: readonly unknown[],
): readonly [loaded: Loaded<T>, again: () => void, attempts: number] {
  const [attempt, setAttempt] = useState(0);
  const request = useMemo(() => ({}), [...inputs, attempt]);
  const [answer, setAnswer] = useState<{ readonly request: object; readonly loaded: Loaded<T> } | null>(null);
  useEffect(() => {
    let wanted = true;
    const settle = (loaded: Loaded<T>) => wanted && setAnswer({ request, loaded });
    load().then(
      (value) => settle({ state: "done", value }),
      (error: unknown) => settle({ state: "failed", fault: faultOf(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [request]);
  const again = useCallback(() => setAttempt((number) => number + 1), []);
  return [answer?.request === request ? answer.loaded : LOADING, again, attempt];
}

export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  return {
    kind: "damaged",
    message: `the page itself has a fault: ${error instanceof Error ? error.message : String(error)}`,
    path: "",
    remedy: "load the page again. If that does not help, `chaninfra ls` lists the packages too",
  };
}
