"""What the errors of a mirror advise."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConflictError
from chaninfra.index.copy.mirrors.remedies import of_mirror


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("leave it out with `--exclude`, or go", "leave it out with `exclude` {}, or go"),
        (
            "leave them out: --exclude noarch/a-1-0.conda --exclude 'noarch/b 1'; or go",
            "leave them out: add noarch/a-1-0.conda, 'noarch/b 1' to `exclude` {}; or go",
        ),
        ("give it with --from, or go", "give it as `source` {}, or go"),
        ("copy without `--older-than`", "copy without `older-than` {}"),
        ("give --from-profile NAME", "give --from-profile NAME"),
        ("name a source: `chaninfra copy SPEC --from SOURCE`", "name a source: `chaninfra copy SPEC --from SOURCE`"),
        (None, None),
    ],
)
def test_they_name_the_keys_of_the_mirror(remedy: str | None, said: str | None) -> None:
    with pytest.raises(ConflictError) as raised, of_mirror("up"):
        raise ConflictError("no", remedy=remedy)
    assert raised.value.remedy == (said and said.format("of the mirror up in the stack config"))
