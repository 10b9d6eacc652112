"""What a stack config allows and had better not: warnings of `pulumi up` and `chaninfra policy`."""

from __future__ import annotations

from collections.abc import Iterator

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.token_claims import TokenClaims


def warnings(stack: StackSpec, *, where: str) -> Iterator[ConfigurationError]:
    """A warning for each principal of GitHub without ids, and for each key that has no effect any more; `where` names
    the file or the component."""
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
