"""Lines that users write for others."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.lines import check_reason, check_reason_if_given


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", "the reason is empty"),
        (" \n", "the reason is empty"),
        ("two\nlines", r"may take as a command: 'two\\nlines'"),
        ("\x1b[2J", r"may take as a command: '\\x1b\[2J'"),
        ("##vso[task.x]", "may take as a command"),
        ("x" * 1001, "the reason has 1,001 characters; at most 1,000 are possible"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_reason_that_is_no_line(reason: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as raised:
        check_reason(reason)
    assert (raised.value.where, bool(raised.value.remedy)) == ("--reason", True)


def test_spaces_around_it_do_not_matter() -> None:
    """As of `--reason "$(cat reason.txt)"`."""
    assert check_reason(f" {'x' * 1000}\n") == "x" * 1000
    assert [check_reason_if_given(each) for each in (None, "", " \n", " a ")] == [None, None, None, "a"]
