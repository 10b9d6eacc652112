"""What names and other texts of a document may look like: one strict pattern for each kind.

The models of the stack config, the descriptor and the stack output `access` use them, so that the schemas and the
program accept the same. What they accept is safe in a policy (no `*`, `?` or `${`, unless a kind says so), on a
terminal and in a header (no control characters, no line breaks). The limits of IAM are those of the IAM User Guide,
"IAM and AWS STS quotas", and of the IAM API Reference.
"""

from __future__ import annotations

import re

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown


def whole(form: str) -> str:
    """The pattern that a text matches only as a whole, in Python (`re.search`) and in ECMAScript (JSON Schema).

    `$` alone would match before a last line break in Python, and `\\Z` is not known to ECMAScript.
    """
    return rf"^(?:{form})$(?!\n)"


# Control characters, and those that change the order or the lines of what a terminal or a page shows.
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_PARTITION = "arn:(?:aws|aws-cn|aws-us-gov)"
_ACCOUNT = "[0-9]{12}"
_REGION = "[a-z0-9-]{1,32}"
_IAM_PATH = "(?:[A-Za-z0-9_+=,.@:-]+/)"
_IAM_NAME = "[A-Za-z0-9_+=,.@-]"
_SEGMENT = "[A-Za-z0-9_-][A-Za-z0-9._-]*"
_PREFIX = rf"(?!.{{513}}){_SEGMENT}(?:/{_SEGMENT})*"
_BUCKET = "[A-Za-z0-9][A-Za-z0-9._-]{2,62}"
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
_WORD = "[A-Za-z0-9][A-Za-z0-9._-]"
# A value that IAM compares as it is.
_LITERAL = rf"(?:(?!\$\{{)[^*?{_UNSEEN}])"
# A part of a ref of Git; `*` stands for any part of it.
_REF = rf"(?:(?!\$\{{)[^ :?\xa0{_UNSEEN}])"
_REPOSITORY = "[A-Za-z0-9_-]{1,100}/[A-Za-z0-9._-]{1,100}"

TEXT = whole(rf"(?:(?!\$\{{)[^*?{_UNSEEN}]){{1,256}}")
"""Any text on one line that is no pattern for a policy."""
NAME = whole(rf"{_WORD}{{0,31}}")
"""A principal."""
CHANNEL = whole(rf"{_WORD}{{0,511}}")
"""A channel, as its user names it."""
OTHER_CHANNEL = whole(
    r"(?!.{513})(?:(?:https?|s3|gcs|oci|file)://[A-Za-z0-9._~/:+-]+|[A-Za-z0-9._~/][A-Za-z0-9._~/+-]*)"
)
"""A channel of somebody else, by its name, URL or folder; without a user name, a password or a query."""
SHOWN_NAME = whole("[A-Za-z0-9_-][A-Za-z0-9._-]{0,511}")
"""A channel, as its descriptor names it: also the last segment of a prefix, or a bucket."""
KIND = whole("[a-z][a-z0-9-]{0,31}")
"""A provider, or a kind of principal."""
BUCKET = whole("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""A bucket that can be created (Amazon S3 User Guide, "General purpose bucket naming rules")."""
ANY_BUCKET = whole(_BUCKET)
"""A bucket that exists; old ones may have capitals and underscores."""
PREFIX = whole(f"(?:{_PREFIX})?")
"""The prefix of a channel, without a slash at either end; "" for the whole bucket."""
PREFIX_TO_TRIM = whole(f"(?:/?{_PREFIX}/?)?")
"""The prefix of a channel, as its user writes it."""
OBJECT_PREFIX = whole("[A-Za-z0-9/!_.()'-]{0,512}")
"""The start of the object keys of access logs (Amazon S3 User Guide, "Safe characters")."""
CHANNEL_URL = whole(f"s3://{_BUCKET}(?:/{_PREFIX})?")
"""The s3:// URL of a channel."""
ENDPOINT = whole(f"https?://{_HOST}")
"""The URL of an S3 API, without a slash at the end."""
ENDPOINT_TO_TRIM = whole(f"https?://{_HOST}/?")
"""The URL of an S3 API, as its user writes it."""
URL = whole(f"https?://{_HOST}(?:/[A-Za-z0-9._~%+@:=,/-]{{0,1024}})?")
"""The URL of a public channel."""
DOMAIN = whole(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
"""A host name with a dot."""
REGION = whole("[A-Za-z0-9._-]{1,64}")
"""A region, of any store."""
WORD = whole("[A-Za-z0-9]{1,64}")
"""A part of an endpoint's host name: an account of Cloudflare, a location of Hetzner."""
KEY_ID = whole(r"[A-Za-z0-9._:/+=@\[\]-]{1,128}")
"""The id of an access key; `[secret]` if it is encrypted in a stack file."""
HEADER = whole(r"(?:(?!\$\{)[ -)+->@-~]){1,256}")
"""The value of an HTTP header."""
DURATION = whole(
    "(?:[1-9][0-9]{1,4}|[1-5][0-9]{5}|60[0-3][0-9]{3}|604[0-7][0-9]{2}|604800)s"
    "|(?:[1-9][0-9]{0,3}|100[0-7][0-9]|10080)m"
    "|(?:[1-9][0-9]?|1[0-5][0-9]|16[0-8])h"
    "|[1-7]d"
)
"""A time from 10 seconds to 7 days: a whole number of seconds, minutes, hours or days."""
HOURS_OR_DAYS = whole("(?:[1-9][0-9]?|[1-6][0-9]{2}|7[01][0-9]|720)h|(?:[12]?[1-9]|[123]0)d")
"""A time from 1 hour to 30 days: a whole number of hours or days."""

DAYS = whole("(?:[1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650)d")
"""A time from 1 to 3,650 days."""
SPEC = whole(r"(?! )(?:(?!\$\{)[ ->@-~]){1,256}(?<! )")
"""A match spec, a package name or a file name, in ASCII."""
_THIS_MACHINE = r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])"
MIRROR_SOURCE = whole(
    rf"(?!.{{513}})(?!.*/t/)(?:s3://{_BUCKET}(?:/{_PREFIX})?"
    rf"|(?:https://{_HOST}|http://{_THIS_MACHINE}(?::[0-9]{{1,5}})?)(?:/[A-Za-z0-9._~/+-]*)?)"
)
"""A channel that is mirrored, by its URL; without user, password, query, or a token (`/t/TOKEN/`). By http only on this
machine: no other is read that way, unless somebody allows it on the command line, and a mirror has none."""
LOCK_FILE = whole(_PREFIX)
"""A lock file, by a path that does not leave the folder that it begins in."""
RATE = whole("[1-9][0-9]{0,3}[kMG]B")
"""Bytes a second: 1kB to 9999GB."""

EVENT_TARGET = whole(
    rf"arn:(?:minio|rustfs):sqs:(?:{_REGION})?:[A-Za-z0-9_-]{{1,64}}:[a-z0-9]{{1,32}}"
    "|arn:aws:sns:[A-Za-z0-9._-]{0,64}:[A-Za-z0-9_]{0,64}:[A-Za-z0-9._-]{1,256}"
)
"""The ARN of what a server sends its events to: a target of MinIO or RustFS, or a topic of Ceph."""

ACCOUNT = whole(_ACCOUNT)
"""The number of an AWS account."""
PRINCIPAL = whole(
    rf"(?!.{{640}}){_PARTITION}:iam::{_ACCOUNT}:(?:root|(?:role|user)/{_IAM_PATH}*{_IAM_NAME}{{1,64}})|{_ACCOUNT}"
)
"""An AWS account by its number, or the ARN of an account, a role or a user."""
CALLER = whole(
    rf"(?!.{{640}}){_PARTITION}:(?:iam|sts)::{_ACCOUNT}:"
    rf"(?:root|(?:user|role|assumed-role|federated-user)/{_IAM_PATH}*{_IAM_NAME}{{1,64}})"
)
"""An ARN that `aws sts get-caller-identity` prints, or that of a role."""
ROLE = whole(
    rf"(?!.{{640}}){_PARTITION}:iam::{_ACCOUNT}:role/{_IAM_PATH}*{_IAM_NAME}{{1,64}}"
    "|arn:minio:iam:::role/[A-Za-z0-9_-]{1,64}"
)
"""The ARN of a role to assume with a token, on AWS, versitygw or MinIO."""
POLICY = whole(rf"(?!.{{700}}){_PARTITION}:iam::(?:{_ACCOUNT}|aws):policy/{_IAM_PATH}*{_IAM_NAME}{{1,128}}")
"""The ARN of a policy of IAM."""
OIDC_PROVIDER = whole(rf"{_PARTITION}:iam::{_ACCOUNT}:oidc-provider/[A-Za-z0-9._~/-]{{1,255}}")
"""The ARN of an OIDC provider of IAM."""
KMS_KEY = whole(f"{_PARTITION}:kms:{_REGION}:{_ACCOUNT}:key/[A-Za-z0-9-]{{1,64}}")
"""The ARN of a KMS key."""
CERTIFICATE = whole(f"arn:aws:acm:{_REGION}:{_ACCOUNT}:certificate/[A-Za-z0-9-]{{1,64}}")
"""The ARN of a certificate."""
ORGANIZATION = whole("o-[a-z0-9]{10,32}")
"""The id of an AWS organization."""
VPC_ENDPOINT = whole("vpce-[0-9a-f]{1,32}")
"""The id of a VPC endpoint."""
SUBNET = whole("subnet-[0-9a-f]{1,32}")
"""The id of a subnet."""
SECURITY_GROUP = whole("sg-[0-9a-f]{1,32}")
"""The id of a security group."""
TOPIC = whole(f"{_PARTITION}:sns:{_REGION}:{_ACCOUNT}:[A-Za-z0-9_-]{{1,256}}")
"""The ARN of an SNS topic; not of a FIFO topic, which alarms cannot notify."""
DISTRIBUTION = whole("[A-Za-z0-9]{1,64}")
"""The id of a CloudFront distribution."""
ROLE_NAME_PREFIX = whole(rf"{_IAM_NAME}{{0,32}}")
"""The start of the names of roles."""
ROLE_PATH = whole(rf"(?!.{{513}})/{_IAM_PATH}*")
"""The path of a role in IAM: at most 512 characters."""

ISSUER = whole("(?!.{256})https://[A-Za-z0-9.-]{1,253}(?:/[A-Za-z0-9._~/-]*)?")
"""The URL of an OIDC issuer: at most 255 characters, as IAM takes it."""
AUDIENCE = whole(f"{_LITERAL}{{1,255}}")
"""The claim aud of a token: at most 255 characters, as IAM takes it."""
SUBJECT = whole(f"{_LITERAL}{{1,1024}}")
"""The claim sub of a token."""
ENVIRONMENT = whole(f"{_LITERAL}{{1,255}}")
"""An environment of GitHub."""
DIGITS = whole("[0-9]{1,20}")
"""An id of GitHub."""
REPOSITORY = whole(_REPOSITORY)
"""A repository of GitHub, OWNER/REPOSITORY."""
PROJECT = whole(r"(?!.{513})[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+")
"""A project of GitLab, with its groups."""
GITLAB_HOST = whole("(?!.{254})[A-Za-z0-9.-]+(?:/[A-Za-z0-9._-]+)*")
"""The host of a GitLab server, without a port; with a path if the server has one."""
REF = whole(f"{_REF}{{1,255}}")
"""A branch, tag or ref of Git; `*` stands for any part of it."""
WORKFLOW = whole(rf"{_REPOSITORY}/\.github/workflows/[A-Za-z0-9._-]{{1,100}}\.ya?ml@{_REF}{{1,255}}")
"""A reusable workflow of GitHub with its ref, in which `*` stands for any part."""

ORIGIN = whole(r"\*|[a-z][a-z0-9+.-]{0,31}://[A-Za-z0-9._:\[\]-]{0,253}\*?[A-Za-z0-9._:\[\]-]{0,253}")
"""A web page's origin. One `*` stands for any part of it (Amazon S3 API Reference, CORSRule)."""
TAG_KEY = whole(rf"(?![aA][wW][sS]:)[^*?${{}}{_UNSEEN}]{{1,128}}")
"""The key of a tag. `spec.bucket_settings` checks the classes of its characters, which ECMAScript cannot name alike."""
TAG_VALUE = whole(rf"[^*?${{}}{_UNSEEN}]{{0,256}}")
"""The value of a tag."""

_MARKS = {
    r"\*|\?": "has a wildcard",
    r"\$\{[^}]*\}?": "has a variable of policies",
    f"[{_UNSEEN}]": "has a control character",
}

_CHARACTERS = "letters, digits, dots, hyphens and underscores"
_RULES = {
    NAME: f"at most 32 {_CHARACTERS}, a letter or digit first",
    CHANNEL: f"{_CHARACTERS}, a letter or digit first",
    PREFIX_TO_TRIM: f"{_CHARACTERS}, with single slashes between folders",
    REGION: _CHARACTERS,
    DOMAIN: "a host name, such as conda.example.com",
    URL: "https://HOST/PATH, in ASCII",
    CHANNEL_URL: "s3://BUCKET/PREFIX, without a slash at the end",
    LOCK_FILE: "a relative path such as locks/pixi.lock",
    RATE: "1 to 9999, and kB, MB or GB, without a space: 20MB",
    EVENT_TARGET: "the ARN of a target, such as arn:minio:sqs::chaninfra:webhook or arn:aws:sns:default::chaninfra",
}
"""What a pattern takes, in words, where the description of a key may not say it."""


def fault(value: str, pattern: str) -> str:
    """What a value has that `pattern` forbids: `has a wildcard`; `is not valid` if it is more than one mark."""
    for mark, name in _MARKS.items():
        if re.search(mark, value) and any(re.search(pattern, re.sub(mark, other, value)) for other in ("", "x")):
            return name
    return f"is not valid; it takes {_RULES[pattern]}" if pattern in _RULES else "is not valid"


def check(value: str, pattern: str, *, where: str, key: tuple[str, ...] = (), remedy: str) -> str:
    """`value`, if it matches `pattern`, one of this module's. Raises ConfigurationError."""
    if not re.search(pattern, value):
        raise ConfigurationError(f"{shown(value)} {fault(value, pattern)}", where=where, key=key, remedy=remedy)
    return value
