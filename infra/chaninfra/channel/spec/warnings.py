"""What a stack config allows and had better not: warnings of `pulumi up` and `chaninfra policy`."""

from __future__ import annotations

from collections.abc import Iterator

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.model import WHOLE_BUCKET
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.token_claims import TokenClaims
from chaninfra.channel.text import few


def warnings(stack: StackSpec, *, where: str) -> Iterator[ConfigurationError]:
    """A warning for each principal of GitHub without ids, for each key that has no effect any more, and for channels
    whose principals have each other's rights; `where` names the file or the component."""
    yield from _shared_bucket(stack, where)
    for key in stack.without_effect:
        yield ConfigurationError(
            "has no effect any more: `index.monolith` took its place",
            where=where,
            key=key,
            remedy="remove the key; if no client needs repodata.json, set `index.monolith` to never",
        )
    for channel in stack.channels:
        place = f"{where}, channel {channel.name}" if len(stack.channels) > 1 else where
        for principal in channel.principals:
            if principal.token is not None:
                yield from of_token(principal.token, where=place, key=(ROLES[principal.role], principal.name))


def _shared_bucket(stack: StackSpec, where: str) -> Iterator[ConfigurationError]:
    """A warning if a store without rights on a prefix has several channels in the bucket, and keys for them."""
    provider = stack.bucket.provider
    with_keys = [each.name for each in stack.channels if any(one.key is not None for one in each.principals)]
    if len(stack.channels) > 1 and with_keys and provider.keys.value in WHOLE_BUCKET:
        yield ConfigurationError(
            f"{provider.title} gives an access key rights on the whole bucket: those of {few(with_keys, 3)} may read "
            "the other channels too, and those that may write there may overwrite and delete in them",
            where=where,
            key=("channels",),
            remedy="give channels whose publishers or readers must not have this a bucket and a stack of their own",
        )


def of_token(claims: TokenClaims, *, where: str, key: tuple[str, ...] = ()) -> Iterator[ConfigurationError]:
    """A warning if tokens with these claims are those of whoever has the repository's name."""
    if claims.by_name:
        (repository,) = claims.claims["repository"]
        yield ConfigurationError(
            f"{repository} is trusted by its name: whoever registers the name after it was given up has access",
            where=where,
            key=(*key, "github"),
            remedy="set `repository-id` and `owner-id`, in this order the output of: "
            f"gh api repos/{repository} --jq '.id,.owner.id'",
        )
