"""Tags: the program's own, and those of the provider's configuration."""

from collections.abc import Mapping

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.values import UNKNOWN, Bag


def with_all_tags(aws: Aws, inputs: Bag) -> Bag:
    own = inputs.get("tags", {})
    return {**inputs, "tagsAll": UNKNOWN if own == UNKNOWN else {**aws.default_tags, **own}}


def own_tags(aws: Aws, tags: Mapping[str, str], state: Bag) -> Bag:
    """What the state says of `tags`, which the server has."""
    before = state.get("tags") or {}
    own = {key: value for key, value in tags.items() if aws.default_tags.get(key) != value or key in before}
    return {"tags": own or None, "tagsAll": dict(tags)}


def to_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """As most APIs have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def to_map(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
