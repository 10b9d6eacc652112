"""Helpers for the text of messages."""

from __future__ import annotations

from chaninfra.channel.text import count, nearest, or_else


def test_the_nearest_word_is_suggested_else_all_are_listed() -> None:
    assert nearest("reader", ["publishers", "readers"]) == "did you mean 'readers'?"
    assert nearest("reader", ["publishers", "readers"], quote="`") == "did you mean `readers`?"
    assert nearest("x", ["b", "a"]) == "known are: a, b"
    assert nearest("x", ["b", "a"], quote="`") == "known are: `a`, `b`"


def test_counts_have_a_plural_and_thousands_separators() -> None:
    assert [count(number, "package") for number in (1, 2, 2000)] == ["1 package", "2 packages", "2,000 packages"]


def test_a_remedy_that_is_a_sentence_goes_on() -> None:
    assert or_else("Days: 1d to 3650d.", "run it") == "Days: 1d to 3650d; or run it"
    assert or_else("did you mean a?", None, "run it") == "did you mean a? Or run it"
