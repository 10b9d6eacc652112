// Settings and commands for clients, of a descriptor, by its own default way of access.
import type { Descriptor, Snippet } from "../model";
import { accessNote, accessOf, boto3Variables, hasOwnEndpoint, hasS3Options, hasShardsAlone, isPublic, type Access } from "./access";
import { awsConfig, condaNotes, condarc, config, login, pixi, pyproject, type Format } from "./formats";
import { isPrintable, shellExports, shellWord } from "./text";
import { CONDA_SHARDS_SWITCH, MAMBA_SHARDS } from "./versions";

// Name of the format of `chaninfra manifest` → title and text.
const FORMATS: readonly (readonly [string, string, Format])[] = [
  ["pixi", "pixi.toml", pixi],
  ["pyproject", "pyproject.toml", pyproject],
  ["config", "config.toml of pixi", config],
  ["condarc", ".condarc", condarc],
  ["login", "pixi auth login", login],
  ["aws-config", "~/.aws/config", awsConfig],
];

// What a command may name: neither an option nor a pattern, and nothing that is invisible.
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}$/;
const VERSION = /^[A-Za-z0-9_.!+-]{1,255}$/;
const SNAPSHOT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

// The text of each format is what `chaninfra manifest --format FORMAT CHANNEL` prints, or with --snapshot. What is not
// possible for the channel is left out; nothing is, if the channel cannot be read as its descriptor says.
export function clientSettings(descriptor: Descriptor, snapshot: string | null): Snippet[] {
  const access = readable(descriptor, snapshot);
  return formats(descriptor, snapshot).map(([name, title, text]) => ({
    title,
    text,
    notes: access !== null && POINTS_CREDENTIALS.includes(name) ? endpointNotes(access) : [],
  }));
}

// `chaninfra manifest` prints these only for an endpoint that its user named; here the user has to judge it.
const POINTS_CREDENTIALS: readonly string[] = ["condarc", "login", "aws-config"];

function endpointNotes(access: Access): string[] {
  if (isPublic(access) || !hasOwnEndpoint(access)) return [];
  return [
    `Your credentials are then used with ${access.descriptor["endpoint-url"]}, which only this channel names: use it if ` +
      "you know it as your store's.",
  ];
}

// The same by the names of the formats, for the test that compares.
export function formats(descriptor: Descriptor, snapshot: string | null): [string, string, string][] {
  const access = readable(descriptor, snapshot);
  if (access === null) return [];
  return FORMATS.flatMap(([name, title, format]) => {
    const text = format(access);
    return text === null ? [] : [[name, title, text]];
  });
}

// The commands that install a package, for pixi, conda and mamba; none for a name or version that no command may have.
export function installLines(
  descriptor: Descriptor,
  name: string,
  version: string | null,
  snapshot: string | null,
): Snippet[] {
  const access = readable(descriptor, snapshot);
  if (access === null || !isPrintable(access.url)) return [];
  if (!NAME.test(name) || (version !== null && !VERSION.test(version))) return [];
  const url = shellWord(access.url);
  const spec = shellWord(version === null ? name : `${name}==${version}`);
  return [byPixi(access, url, spec), ...byConda(access, url, spec), ...byMamba(access, url, spec)];
}

function byPixi(access: Access, url: string, spec: string): Snippet {
  const options = hasS3Options(access)
    ? ["First copy the tables s3-options of the settings for pixi.toml: they say where the bucket is."]
    : [];
  return {
    title: "pixi",
    text: `pixi workspace channel add --prepend ${url}\npixi add ${spec}`,
    notes: isPublic(access) ? [] : [...options, accessNote(access)],
  };
}

function byConda(access: Access, url: string, spec: string): Snippet[] {
  const notes = condaNotes(access);
  if (notes === null) return [];
  const variables = isPublic(access) ? [] : shellExports(boto3Variables(access));
  // With shards conda looks for the packages of a snapshot beside its index.
  const setting = access.snapshot === null ? "" : "CONDA_REPODATA_USE_SHARDS=false ";
  const elsewhere = access.snapshot === null ? [] : [`For conda from ${CONDA_SHARDS_SWITCH}, in a POSIX shell; elsewhere use the .condarc.`];
  return [
    { title: "conda", text: [...variables, `${setting}conda install -c ${url} ${spec}`].join("\n"), notes: [...endpointNotes(access), ...notes, ...elsewhere] },
  ];
}

function byMamba(access: Access, url: string, spec: string): Snippet[] {
  if (!isPublic(access)) return [];
  const notes = hasShardsAlone(access) ? [`For mamba from ${MAMBA_SHARDS}: the channel has shards and no repodata.json.`] : [];
  return [{ title: "mamba", text: `mamba install -c ${url} ${spec}`, notes }];
}

function readable(descriptor: Descriptor, snapshot: string | null): Access | null {
  return snapshot !== null && !SNAPSHOT.test(snapshot) ? null : accessOf(descriptor, snapshot);
}
