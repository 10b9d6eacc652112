"""Keys of the stack config that are paths: `publishers.ci.github.branch`.

`pulumi config set --path` writes the mapping itself. The prompts of a template cannot: what they ask for is written as
a key of that name.
"""

from __future__ import annotations

from typing import Any

from chaninfra.channel.errors import ConfigurationError


def placed(document: dict[str, Any], *, where: str) -> dict[str, Any]:
    """`document` with the value of each key that is a path at its place; every dot parts two keys.

    `where` names the file or stack in errors. Raises ConfigurationError where two keys say the same thing.
    """
    whole = {key: _copied(value) for key, value in document.items() if "." not in key}
    for path in sorted(document.keys() - whole.keys()):
        *above, last = path.split(".")
        place = whole
        for key in above:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place
        if not isinstance(place, dict) or last in place:
            raise ConfigurationError(
                f"`{path}` is set twice, by this key and within `{above[0]}`",
                where=f"{where}, key {path}",
                remedy=f"keep one of them: pulumi config rm {path}",
            )
        place[last] = document[path]
    return whole


def _copied(value: Any) -> Any:
    return {key: _copied(item) for key, item in value.items()} if isinstance(value, dict) else value
