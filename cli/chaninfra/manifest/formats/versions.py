"""The versions that are printed, of what others make: actions, images, and the first version that can do a thing.

It is the only place that holds them; a test compares the pages, the templates and the texts of the schemas with it.
setup-pixi's documentation asks for a full version, since its inputs may change. What runs in a job that publishes has a
full version too. The inputs of the actions are those of their action.yml at these versions.
"""

from __future__ import annotations

# As of 2026-11-26. setup-pixi 0.11.0 is of 2026-10-06; since 0.10.0 it leaves on the runner what it wrote there, keys
# among it, unless `post-cleanup` is true. configure-aws-credentials 6.2.3 is of 2026-07-22; it has `sts-endpoint`
# since 6.2.0. upload-artifact 7.0.0 is of 2026-02-25, download-artifact 8 of 2026-03-11.
CHECKOUT = "actions/checkout@v7"
UPLOAD_ARTIFACT = "actions/upload-artifact@v7.0.0"
DOWNLOAD_ARTIFACT = "actions/download-artifact@v8.0.1"
SETUP_PYTHON = "actions/setup-python@v7"
CONFIGURE_AWS = "aws-actions/configure-aws-credentials@v6.2.3"
SETUP_PIXI = "prefix-dev/setup-pixi@v0.11.0"
PULUMI = "pulumi/actions@v7.0.0"
PIXI = "0.84.2"
"""Of 2026-11-10."""
PIXI_IMAGE = f"ghcr.io/prefix-dev/pixi:{PIXI}"
RATTLER_BUILD = "0.72.2"
"""What uploads in a job that has a publisher's key; of 2026-07-31, as conda-forge has it."""
CURL = "8.21.0"
"""What asks for that key; as conda-forge has it."""
PYTHON_IMAGE = "python:3.13"

PIXI_AWS_CHAIN = "0.67"
"""The first pixi that reads a bucket with s3-options using the credentials of the AWS tools."""
PIXI_SHARED_CONFIG = "0.78"
"""The first pixi (2026-08-28) that reads rattler's config.toml, which all programs made with rattler share."""
RATTLER_BUILD_SHARED_CONFIG = "0.74"
"""The first rattler-build that does, and no longer reads pixi's own."""
CONDA_SHARDS = "26.3"
"""The first conda that reads shards, unless they are turned off; over s3:// too."""
CONDA_SHARDS_SWITCH = "26.5"
"""The first conda whose setting `repodata_use_shards` turns them off."""
MAMBA_SHARDS = "2.6"
"""The first mamba and micromamba that read shards."""

PIXI_NOTICES = "0.78"
"""The first pixi that shows the notices of a channel (CEP 6)."""
RATTLER_BUILD_NOTICES = "0.75"
"""The first rattler-build that does."""
