// Written by `make docs` from infra/chaninfra/channel/
export type StoreKind = "aws" | "s3" | "gcs";
// Provider → kind of store; s3 for all others.
export const STORE_KINDS: Readonly<Record<string, StoreKind>> = {"aws": "aws", "gcs": "gcs"};
// Beginning of a region's name on AWS → domain of its endpoints.
export const DNS_SUFFIXES: readonly (readonly [string, string])[] = [["cn-", "amazonaws.com.cn"], ["us-gov-", "amazonaws.com"]];
export const DEFAULT_DNS_SUFFIX = "amazonaws.com";
export const DEFAULT_PLATFORMS: readonly string[] = ["linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"];
