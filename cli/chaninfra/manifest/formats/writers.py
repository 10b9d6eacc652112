"""What the printed jobs that write to a channel share on all CI systems: names, and whose credentials they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaninfra.manifest.formats.store_sts import ROLE_VARIABLE

BUILD_JOB = "build-packages"
BUILD_ENVIRONMENT = "build"
PUBLISH_ENVIRONMENT = "publish"
REINDEX_ENVIRONMENT = "reindex"
PROMOTE_ENVIRONMENT = "production"


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Whose credentials a job has, and where it finds them."""

    role: Literal["publisher", "maintainer", "promoter"]
    environment: str
    """The environment of the CI system whose secrets or variables hold the key."""
    role_variable: str
    """The variable of GitHub's repository that names the role, if no role is given."""


PUBLISHER = Writer(role="publisher", environment=PUBLISH_ENVIRONMENT, role_variable=ROLE_VARIABLE)
MAINTAINER = Writer(role="maintainer", environment=REINDEX_ENVIRONMENT, role_variable="AWS_MAINTAINER_ROLE_ARN")
PROMOTER = Writer(role="promoter", environment=PROMOTE_ENVIRONMENT, role_variable="AWS_PROMOTER_ROLE_ARN")
