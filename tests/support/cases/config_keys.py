"""Config keys in the text of errors."""

from __future__ import annotations

import re

from chaninfra.channel.config.schema import config_keys
from chaninfra.channel.errors import ConfigurationError

_HYPHENATED = re.compile(rf"(?<![\w-])(?:{'|'.join(key for key in config_keys() if '-' in key)})(?![\w-])")


def keys_without_backticks(error: ConfigurationError) -> list[str]:
    """The config keys in message and remedy that `error.spelled` would not find.

    Only keys with a hyphen, since the others are also plain words, and have the same spelling in every language.
    """
    return _HYPHENATED.findall(re.sub("`[^`]*`", "", f"{error.message}\n{error.remedy}"))
