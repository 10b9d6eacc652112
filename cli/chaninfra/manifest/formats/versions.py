"""The actions and images that are printed. The inputs of the actions are those of their action.yml at these versions.

setup-pixi's documentation asks for a full version, since its inputs may change. What runs in a job that publishes has a
full version too.
"""

from __future__ import annotations

CHECKOUT = "actions/checkout@v7"
UPLOAD_ARTIFACT = "actions/upload-artifact@v7.0.0"
DOWNLOAD_ARTIFACT = "actions/download-artifact@v8.0.1"
SETUP_PYTHON = "actions/setup-python@v7"
CONFIGURE_AWS = "aws-actions/configure-aws-credentials@v6.2.3"
SETUP_PIXI = "prefix-dev/setup-pixi@v0.9.6"
PIXI_IMAGE = "ghcr.io/prefix-dev/pixi:0.77.0"
PYTHON_IMAGE = "python:3.13"
