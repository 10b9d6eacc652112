// The names of all subdirs, and the search in them.

// The texts of sorted lists, sorted, each once.
export function merged(lists: readonly (readonly string[])[]): readonly string[] {
  const [first, ...others] = lists.filter((list) => list.length > 0);
  if (!first || others.length === 0) return first ?? [];
  return [...new Set(lists.flat())].sort();
}

// Of sorted names those that contain the text, in lower case, those that begin with it first: at most `most`, and how
// many there are.
export function search(names: readonly string[], text: string, most: number): { names: string[]; found: number } {
  const wanted = text.trim().toLowerCase();
  const begins: string[] = [];
  const contains: string[] = [];
  let found = 0;
  for (const name of names) {
    const at = name.indexOf(wanted);
    if (at < 0) continue;
    found += 1;
    if (at === 0) {
      if (begins.length < most) begins.push(name);
    } else if (contains.length < most) contains.push(name);
  }
  return { names: [...begins, ...contains].slice(0, most), found };
}
