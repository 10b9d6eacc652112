"""The function for each YAML format that gives the values that a file must have after a merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.merge.condarc import check_line_flags, condarc
from chaninfra.manifest.merge.github import github
from chaninfra.manifest.merge.gitlab import gitlab
from chaninfra.manifest.names import Format
from chaninfra.manifest.rendered import Document

Merged = Callable[[Any, Document, Sequence[ClientChannel], str], Document]
"""(values of the file, rendered values, channels, path of the file for errors) → values that the file must have."""

MERGED: Mapping[Format, Merged] = {
    "github": github,
    "github-publish": github,
    "github-upload": github,
    "github-reindex": github,
    "github-promote": github,
    "gitlab": gitlab,
    "gitlab-publish": gitlab,
    "gitlab-upload": gitlab,
    "gitlab-reindex": gitlab,
    "gitlab-promote": gitlab,
    "condarc": condarc,
}

CHECKS: Mapping[Format, Callable[[str, str], None]] = {"condarc": check_line_flags}
"""What is checked in the text before, since the values do not have it."""
