"""The names of the formats and access methods: all that the command line needs to parse `chaninfra manifest`."""

from __future__ import annotations

from typing import Literal, get_args

Format = Literal[
    "pixi",
    "pyproject",
    "config",
    "aws-config",
    "login",
    "auth-file",
    "env",
    "github",
    "github-publish",
    "github-upload",
    "github-reindex",
    "github-promote",
    "gitlab",
    "gitlab-publish",
    "gitlab-upload",
    "gitlab-reindex",
    "gitlab-promote",
    "rattler-build",
    "condarc",
]
NAMES: tuple[Format, ...] = get_args(Format)

AccessMethod = Literal["aws", "pixi", "public", "gcs"]
"""How a client reads the channel; the values of `--auth`.

`aws`: s3:// with the credentials of the AWS tools. `pixi`: s3:// with pixi's credential store. `public`: https, without
credentials. `gcs`: gcs:// with Google's application default credentials.
"""
ACCESS_METHODS: tuple[AccessMethod, ...] = get_args(AccessMethod)
