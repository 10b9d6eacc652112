"""The errors of a mirror: what to do about them is said with the keys that a mirror has in the stack config."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from chaninfra.channel.errors import ChaninfraError

_EXCLUDES = re.compile(r"(?:--exclude (?:'[^'\n]*'|[^\s;']+) ?)+(?=;|$)")
_WORD = re.compile(r"--exclude ('[^'\n]*'|[^\s;']+)")


@contextmanager
def of_mirror(name: str) -> Iterator[None]:
    """Within, errors have remedies for the mirror of this name."""
    try:
        yield
    except ChaninfraError as error:
        if error.remedy is not None:
            error.remedy = in_keys(error.remedy, name)
        raise


def in_keys(remedy: str, name: str) -> str:
    """The remedy with the keys of the mirror instead of the options that nobody may give beside it."""
    where = f"of the mirror {name} in the stack config"

    def listed(found: re.Match[str]) -> str:
        return f"add {', '.join(_WORD.findall(found[0]))} to `exclude` {where}"

    text = _EXCLUDES.sub(listed, remedy)
    text = text.replace("`--exclude`", f"`exclude` {where}").replace("`--older-than`", f"`older-than` {where}")
    return re.sub(r"with --from(?![a-z-])", f"as `source` {where}", text)
