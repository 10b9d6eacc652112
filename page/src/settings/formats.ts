// The settings that `chaninfra manifest --format FORMAT CHANNEL` prints, from the same descriptor: a function for each
// format, of the same name as in `chaninfra.manifest.formats`. null: the format is not possible for the channel.
import {
  accessNote,
  boto3Variables,
  bucketUrl,
  hasLogin,
  hasS3Options,
  hasShardsAlone,
  isPublic,
  PRINTED_BY,
  type Access,
} from "./access";
import { DEFAULT_PLATFORMS } from "./stores";
import { comments, ini, isPrintable, shellExports, shellWord, toml, yaml, type Table } from "./text";
import {
  CONDA_SHARDS,
  CONDA_SHARDS_SWITCH,
  MAMBA_SHARDS,
  PIXI_AWS_CHAIN,
  PIXI_SHARED_CONFIG,
  RATTLER_BUILD_SHARED_CONFIG,
} from "./versions";

export type Format = (access: Access) => string | null;

export const pixi: Format = (access) => toml(notes(access), [["workspace", workspace(access)]]);

export const pyproject: Format = (access) =>
  toml(notes(access), [["tool", [["pixi", [["workspace", workspace(access)]]]]]]);

export const config: Format = (access) => {
  const options = hasS3Options(access);
  const { bucket, "force-path-style": byPath } = access.descriptor;
  const shared: Table = [...s3Options(access), ["addressing-style", byPath ? "path" : "virtual-host"]];
  return toml(
    [
      ...notes(access),
      `Its place: ~/.config/rattler/config.toml, for pixi from ${PIXI_SHARED_CONFIG} and rattler-build from ` +
        `${RATTLER_BUILD_SHARED_CONFIG}; or ~/.pixi/config.toml, for pixi of any version and not for rattler-build.`,
      ...(options
        ? [
            "With s3-options in it, `pixi init` (seen with 0.77) writes `force-path-style = True` or `False` into " +
              "pixi.toml, which no pixi reads: write true or false there.",
          ]
        : []),
    ],
    [["default-channels", channels(access)], ...(options ? ([["s3-options", [[bucket, shared]]]] as const) : [])],
  );
};

export const condarc: Format = (access) => {
  const said = condaNotes(access);
  if (said === null) return null;
  return yaml([...(isPublic(access) ? notes(access) : [PRINTED_BY]), ...said], [
    ["channels", channels(access)],
    ["channel_priority", "strict"],
    ...(access.snapshot === null ? [] : ([["repodata_use_shards", false]] as const)),
  ]);
};

// What conda needs and can; null if it cannot read the channel.
export function condaNotes(access: Access): string[] | null {
  const alone = hasShardsAlone(access);
  if (access.snapshot !== null && alone) return null;
  const variables = boto3Variables(access);
  if (!isPublic(access) && !variables.every(([, value]) => isPrintable(value))) return null;
  const said = isPublic(access) ? [] : s3Notes(access, shellExports(variables).join("; "));
  if (access.snapshot !== null) {
    said.push(
      `${access.url} is a snapshot: with shards conda looks for its packages beside its index, so it has to read ` +
        `repodata.json (repodata_use_shards, conda from ${CONDA_SHARDS_SWITCH}).`,
    );
  } else if (alone) {
    const mamba = isPublic(access) ? ` and mamba from ${MAMBA_SHARDS}` : "";
    said.push(`${access.url} has shards and no repodata.json: for conda from ${CONDA_SHARDS}${mamba}.`);
  }
  return said;
}

function s3Notes(access: Access, exports: string): string[] {
  return [
    `${bucketUrl(access)} is read by conda with boto3 (conda install -n base boto3) and your AWS credentials: ` +
      "environment, AWS_PROFILE, SSO or role; not with a key of pixi's store.",
    `What conda needs beside them: ${exports}`,
    ...(access.kind !== "aws" && !access.descriptor["force-path-style"]
      ? [
          "With these variables boto3 asks by path; for virtual-host, use a profile instead: " +
            "chaninfra manifest --auth aws --format aws-config",
        ]
      : []),
    "mamba and micromamba do not read s3://: use pixi or conda there, or https for a public channel. conda says 404 " +
      "whatever the store answers: chaninfra doctor tells what it is.",
  ];
}

export const awsConfig: Format = (access) => {
  const { name, region, "endpoint-url": endpoint, "force-path-style": byPath, auth } = access.descriptor;
  if (auth !== "aws" || !/^[A-Za-z0-9_.+@-]+$/.test(name)) return null;
  const elsewhere = access.kind !== "aws";
  const written = elsewhere ? [region, endpoint] : [region];
  if (!written.every((value) => isPrintable(value) && value.trim() !== "")) return null;
  const settings: Table = [
    ["region", region],
    ["output", "json"],
    ...(elsewhere
      ? ([
          ["services", name],
          ["s3", [["addressing_style", byPath ? "path" : "virtual"]]],
        ] as const)
      : []),
  ];
  return ini(
    [PRINTED_BY, `To use it: export AWS_PROFILE=${name}; unset AWS_REGION AWS_DEFAULT_REGION`],
    [
      [`profile ${name}`, settings],
      ...(elsewhere ? ([[`services ${name}`, [["s3", [["endpoint_url", endpoint]]]]]] as const) : []),
    ],
  );
};

export const login: Format = (access) => {
  if (access.descriptor.auth !== "pixi" || !hasLogin(access) || !isPrintable(access.descriptor.bucket)) return null;
  return (
    comments([
      PRINTED_BY,
      "The keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if set, AWS_SESSION_TOKEN.",
      "While pixi runs, the secret is among its arguments, which other users of this machine can list (ps). Where others",
      "log in, write a file that only you can read, and name it in RATTLER_AUTH_FILE: --format auth-file --into FILE",
    ]) +
    `pixi auth login ${shellWord(bucketUrl(access))} --s3-access-key-id "$AWS_ACCESS_KEY_ID" ` +
    '--s3-secret-access-key "$AWS_SECRET_ACCESS_KEY" ${AWS_SESSION_TOKEN:+"--s3-session-token=$AWS_SESSION_TOKEN"}\n'
  );
};

function notes(access: Access): string[] {
  return [PRINTED_BY, accessNote(access)];
}

function channels(access: Access): string[] {
  return [access.url, "conda-forge"];
}

function workspace(access: Access): Table {
  const { name, auth, bucket, subdirs } = access.descriptor;
  const platforms = [...new Set(subdirs.filter((subdir) => subdir !== "noarch"))];
  const options = hasS3Options(access);
  return [
    ["name", name],
    ["channels", channels(access)],
    // The packages of a noarch-only channel run on all platforms.
    ["platforms", platforms.length > 0 ? platforms : DEFAULT_PLATFORMS],
    ...(auth === "aws" && options ? ([["requires-pixi", `>=${PIXI_AWS_CHAIN}`]] as const) : []),
    ...(options ? ([["s3-options", [[bucket, s3Options(access)]]]] as const) : []),
  ];
}

function s3Options(access: Access): Table {
  const { "endpoint-url": endpoint, region, "force-path-style": byPath } = access.descriptor;
  return [
    ["endpoint-url", endpoint],
    ["region", region],
    ["force-path-style", byPath],
  ];
}
