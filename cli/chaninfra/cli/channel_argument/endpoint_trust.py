"""Where credentials may be sent: to an endpoint that the user said, and to AWS's own.

A descriptor is a document that anybody can write, and it names an endpoint. If that alone were enough, the document of
a stranger could collect keys, tokens and packages.
"""

from __future__ import annotations

import shlex
from typing import Literal

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.aws_partitions import is_s3_of_aws
from chaninfra.channel.s3.endpoint import SaidEndpoint, same_endpoint

NamedBy = Literal["flags", "stack", "document"]
"""Who named the endpoint of a channel.

- `flags`: the user, by --endpoint-url, a variable, a profile or a provider.
- `stack`: the user's own Pulumi stack.
- `document`: a descriptor in a file, at a URL, from stdin, or the channel.json in a bucket.
"""


def refusal(
    endpoint_url: str, named_by: NamedBy, said: SaidEndpoint | None, *, where: str, read_at: str | None = None
) -> ConfigurationError | None:
    """Why no credentials may be sent to the endpoint; None if they may.

    `said`: what the user said beside CHANNEL. `where`: the stack or the document, for the message. `read_at`: the
    endpoint that a channel.json in a bucket was read from, with the user's credentials already.

    | named by | said           | sent?                                              |
    |----------|----------------|----------------------------------------------------|
    | flags    | any            | yes                                                |
    | other    | the same       | yes, plain http too                                |
    | other    | another        | no: one of the two is a mistake                    |
    | stack    | nothing        | yes                                                |
    | document | nothing        | if it is https and AWS's, or `read_at` is the same |
    """
    if named_by == "flags" or (read_at is not None and same_endpoint(read_at, endpoint_url)):
        return None
    if said is not None:
        if same_endpoint(said.url, endpoint_url):
            return None
        return ConfigurationError(
            f"the endpoint is {endpoint_url} here, but {said.url} by {said.by}",
            where=where,
            remedy=f"add the right one: {_flag(said.url)}, or {_flag(endpoint_url)}",
        )
    if named_by == "stack" or is_s3_of_aws(endpoint_url):
        return None
    elsewhere = f"; the document itself came from {read_at}" if read_at else ""
    return ConfigurationError(
        f"credentials are not sent to {endpoint_url}, since only this document names it{elsewhere}",
        where=where,
        remedy=f"if you know it as your store's: {_flag(endpoint_url)}, or set S3_ENDPOINT_URL to it",
    )


def _flag(endpoint_url: str) -> str:
    return f"--endpoint-url {shlex.quote(endpoint_url)}"
