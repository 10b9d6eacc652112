// How clients read a channel: what `chaninfra.manifest.client_access`, `request` and `formats/env` say in Python.
import type { Descriptor } from "../model";
import { DEFAULT_DNS_SUFFIX, DNS_SUFFIXES, STORE_KINDS, type StoreKind } from "./stores";

// The channel, or one of its snapshots, by its own default way of access.
export interface Access {
  readonly descriptor: Descriptor;
  readonly kind: StoreKind;
  readonly url: string;
  readonly snapshot: string | null;
}

export const PRINTED_BY = "Printed by `chaninfra manifest`.";

// null: `auth` is public, and there is no public URL.
export function accessOf(descriptor: Descriptor, snapshot: string | null): Access | null {
  const isOpen = descriptor.auth === "public";
  if (isOpen && descriptor["public-url"] === null) return null;
  const living = (isOpen && descriptor["public-url"]) || descriptor.url;
  const url = snapshot === null ? living : `${living.replace(/\/+$/, "")}/snapshots/${snapshot}`;
  const kind = Object.hasOwn(STORE_KINDS, descriptor.provider) ? STORE_KINDS[descriptor.provider] : undefined;
  return { descriptor, kind: kind ?? "s3", url, snapshot };
}

export function isPublic(access: Access): boolean {
  return access.descriptor.auth === "public";
}

export function bucketUrl(access: Access): string {
  return `s3://${access.descriptor.bucket}`;
}

// Whether `pixi auth login` keeps a key where pixi finds it: not for a bucket's name with exactly one dot.
export function hasLogin(access: Access): boolean {
  return access.descriptor.bucket.split(".").length !== 2;
}

// Whether pixi needs s3-options for the bucket.
export function hasS3Options(access: Access): boolean {
  const { auth } = access.descriptor;
  return auth === "pixi" || (auth === "aws" && access.kind !== "aws");
}

// conda always reads shards first; a channel without repodata.json has nothing else.
export function hasShardsAlone(access: Access): boolean {
  return access.descriptor.index.monolith === "never";
}

// How a client gets access.
export function accessNote(access: Access): string {
  const { descriptor } = access;
  const bucket = bucketUrl(access);
  if (descriptor.auth === "public") return `${access.url} is public: no login is needed.`;
  if (descriptor.auth === "pixi") {
    return hasLogin(access)
      ? `Log in once: pixi auth login ${bucket} --s3-access-key-id ... --s3-secret-access-key ...`
      : "The key: chaninfra manifest --auth pixi --format auth-file --into FILE, and set RATTLER_AUTH_FILE to FILE. " +
          `\`pixi auth login\` cannot keep the key of ${descriptor.bucket}, a name with one dot.`;
  }
  const reached = `${bucket} is reached with your AWS credentials: environment, AWS_PROFILE, SSO or role`;
  return access.kind === "aws"
    ? `${reached}. pixi needs the bucket's region beside them: export AWS_REGION=${descriptor.region}, or, without ` +
        "AWS_REGION, a profile of that region (chaninfra manifest --format aws-config)."
    : `${reached} (region ${descriptor.region}, endpoint ${descriptor["endpoint-url"]}).`;
}

// The variables from which boto3, with which conda reads, has the region and the endpoint.
export function boto3Variables(access: Access): (readonly [string, string])[] {
  const { region, "endpoint-url": endpoint } = access.descriptor;
  return [
    ["AWS_DEFAULT_REGION", region],
    ...(hasOwnEndpoint(access) ? ([["AWS_ENDPOINT_URL_S3", endpoint]] as const) : []),
  ];
}

// Whether the endpoint is another than that of AWS for the region.
export function hasOwnEndpoint(access: Access): boolean {
  const { region, "endpoint-url": endpoint } = access.descriptor;
  const suffix = DNS_SUFFIXES.find(([prefix]) => region.startsWith(prefix))?.[1] ?? DEFAULT_DNS_SUFFIX;
  return endpoint !== `https://s3.${region}.${suffix}`;
}
