"""Where chaninfra is released. Printed CI jobs, the templates and the docs install it from what `RELEASE` says.

It is the only place that says so. What is not released must not be installed by its bare name, since anybody could
take that name in a package index. Until there is a release or a public repository, a job takes the source from the
variable `CHANINFRA_SOURCE`, which its owner sets, and stops if it does not name one fixed version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chaninfra.manifest.text import shell

VARIABLE = "CHANINFRA_SOURCE"
FORMS = "git+https://HOST/OWNER/chaninfra@COMMIT, or a wheel: file:///PATH.whl or https://HOST/FILE.whl#sha256=HASH"
"""The values of the variable, for people."""

# As an extended regular expression of grep. No value begins with a dash, so none is an option; each names one version.
# A name with a version is not among them: as long as there is no release, anybody could take it in a package index.
_PATTERN = (
    r"git\+https://[^[:space:]@#?/]+/[^[:space:]@#?]+@[0-9a-f]{40}"
    r"|https://[^[:space:]#?]+\.whl#sha256=[0-9a-f]{64}"
    r"|((file://)?/|\.{1,2}/)[^[:space:]]+\.whl"
)
_MESSAGE = f"{VARIABLE} must name one version of chaninfra: {FORMS}"


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is known of the project's releases. Raises ValueError for anything that does not name one version."""

    version: str | None = None
    """The newest version in the public package index."""
    repository: str | None = None
    """The https URL of the public repository, without `.git`."""
    commit: str | None = None
    """The commit of the repository that is installed as long as there is no version: 40 hexadecimal digits."""

    def __post_init__(self) -> None:
        if (self.repository is None) != (self.commit is None):
            raise ValueError("a repository and a commit go together")
        if self.source is not None and not re.fullmatch(
            r"chaninfra==[0-9]+(\.[0-9]+)*|git\+https://[A-Za-z0-9._/-]+@[0-9a-f]{40}", self.source
        ):
            raise ValueError(f"{self.source!r} does not name one version")

    @property
    def source(self) -> str | None:
        """What installers take: a version in the package index, else a commit; None if neither is known."""
        if self.version is not None:
            return f"chaninfra=={self.version}"
        return None if self.repository is None else f"git+{self.repository}@{self.commit}"


RELEASE = Release()


def install() -> list[str]:
    """The lines of a shell script that install it into the virtual environment `.venv`.

    If the source is not known, the first line checks the variable. pip compares the hash of a URL; uv does not.
    """
    source = RELEASE.source
    return [
        *check(),
        "python3 -m venv .venv",
        f".venv/bin/pip install {_WORD if source is None else shell.word(source)}",
    ]


def check() -> list[str]:
    """The line that ends a shell script if the variable does not name one version; none if the source is known."""
    if RELEASE.source is not None:
        return []
    # One record for grep, so that a line end does not hide the rest of the value.
    return [f"printf %s {_WORD} | grep -Ezxq '{_PATTERN}' || {{ echo '{_MESSAGE}' >&2; exit 2; }}"]


_WORD = f'"${{{VARIABLE}-}}"'
