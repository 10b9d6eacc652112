// Written by `make docs` from cli/chaninfra/manifest/formats/versions.py
export const CONDA_SHARDS = "26.3";
export const CONDA_SHARDS_SWITCH = "26.5";
export const MAMBA_SHARDS = "2.6";
export const PIXI_AWS_CHAIN = "0.67";
export const PIXI_SHARED_CONFIG = "0.78";
export const RATTLER_BUILD_SHARED_CONFIG = "0.74";
