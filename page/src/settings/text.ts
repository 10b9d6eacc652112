// TOML, YAML, INI and shell text, as far as the settings need it: as `chaninfra.manifest.text` writes it in Python.

// A string, a boolean or a list of strings; a table is a list of pairs, since a bucket's name may be a whole number, and
// an object would bring these before the others.
export type Value = string | boolean | readonly string[];
export type Table = readonly (readonly [string, Value | Table])[];

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};
const BARE = /^[A-Za-z0-9_-]+$/;
// Text that needs no quotes: every YAML reader takes it for this string.
const PLAIN = /^[A-Za-z/$(](?:[\x21-\x7e]| (?!#))*$/;
const WORDS = /^(?:y|n|yes|no|true|false|on|off|null)$/i;

// What Python's `str.isprintable` says; the two may know different versions of Unicode.
export function isPrintable(text: string): boolean {
  return [...text].every((char) => char === " " || !/[\p{C}\p{Z}]/u.test(char));
}

// A `# ` line for each note; what is not printable becomes a space.
export function comments(notes: readonly string[]): string {
  return notes
    .map((note) => `# ${[...note].map((char) => (isPrintable(char) ? char : " ")).join("")}`.trimEnd() + "\n")
    .join("");
}

export function toml(notes: readonly string[], values: Table): string {
  return comments(notes) + tomlTables(values, []);
}

function tomlTables(values: Table, path: readonly string[]): string {
  const pairs = values.filter(([, item]) => !isTable(item)).map(([name, item]) => `${tomlKey([name])} = ${tomlValue(item as Value)}`);
  const inner = values
    .filter(([, item]) => isTable(item))
    .map(([name, item]) => tomlTables(item as Table, [...path, name]));
  const header = path.length > 0 && pairs.length > 0 ? [`[${tomlKey(path)}]`] : [];
  const own = pairs.length > 0 ? [[...header, ...pairs].join("\n") + "\n"] : [];
  return [...own, ...inner].join("\n");
}

function tomlValue(item: Value): string {
  if (typeof item === "boolean") return String(item);
  return typeof item === "string" ? tomlString(item) : `[${item.map(tomlString).join(", ")}]`;
}

function tomlString(text: string): string {
  return `"${unicodeEscapes(text.replace(/[\\"\x08\t\n\f\r]/g, (char) => ESCAPES[char] ?? char))}"`;
}

function tomlKey(names: readonly string[]): string {
  return names.map((name) => (BARE.test(name) ? name : tomlString(name))).join(".");
}

// Of a mapping whose values are no mappings.
export function yaml(notes: readonly string[], values: readonly (readonly [string, Value])[]): string {
  const lines = values.flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "boolean"
      ? [`${yamlScalar(name)}: ${yamlScalar(value)}`]
      : [`${yamlScalar(name)}:`, ...value.map((item) => `  - ${yamlScalar(item)}`)],
  );
  return comments(notes) + lines.join("\n") + "\n";
}

function yamlScalar(value: string | boolean): string {
  if (typeof value === "boolean") return String(value);
  if (PLAIN.test(value) && !WORDS.test(value) && !/:(?: |$)| $/.test(value)) return value;
  if (/^[\x20-\x7e]+$/.test(value) && !value.includes("'")) return `'${value}'`;
  return unicodeEscapes(JSON.stringify(value));
}

// Section name → settings; strings are written as they are, so the caller makes sure that they are one line each.
export function ini(notes: readonly string[], sections: readonly (readonly [string, Table])[]): string {
  const texts = sections.map(([name, settings]) => [`[${name}]`, ...iniLines(settings)].join("\n") + "\n");
  return comments(notes) + texts.join("\n");
}

function iniLines(settings: Table): string[] {
  return settings.flatMap(([name, value]) =>
    isTable(value) ? [`${name} =`, ...iniLines(value).map((line) => `  ${line}`)] : [`${name} = ${String(value)}`],
  );
}

// One word, quoted if needed: Python's shlex.quote.
export function shellWord(text: string): string {
  if (text !== "" && /^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  return quoted(text);
}

export function shellExports(variables: readonly (readonly [string, string])[]): string[] {
  return variables.map(([name, value]) => `export ${name}=${quoted(value)}`);
}

function quoted(text: string): string {
  // Ends the quoted string, adds a quoted quote, starts the string again.
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

function unicodeEscapes(text: string): string {
  return [...text]
    .map((char) => {
      if (isPrintable(char)) return char;
      const point = char.codePointAt(0) ?? 0;
      return point < 0x10000 ? `\\u${point.toString(16).padStart(4, "0")}` : `\\U${point.toString(16).padStart(8, "0")}`;
    })
    .join("");
}

function isTable(item: Value | Table): item is Table {
  return Array.isArray(item) && item.every((each) => Array.isArray(each)) && item.length > 0;
}
