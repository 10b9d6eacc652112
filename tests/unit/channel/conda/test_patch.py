"""What a patch does to a record, and which patches there are."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.patch import FIXED, REVOKED, Patch, joined_changes, patch_between, undoing

WHEN = "2026-11-01T12:00:00Z"
RECORD: dict[str, Any] = {
    "name": "a",
    "version": "1",
    "build": "0",
    "build_number": 0,
    "depends": ["python >=3.8"],
    "license": "MIT",
    "run_exports": {"weak": ["a >=1"], "strong": ["b"]},
    "sha256": "0" * 64,
    "indexed_timestamp": 5,
}


def patch(changes: dict[str, Any] | None = None, **more: Any) -> Patch:
    return Patch(changes=changes or {}, when=WHEN, **more)


def test_values_replace_those_of_the_record_and_null_removes_one() -> None:
    done = patch({"depends": ["python <4"], "constrains": ["x"], "license": None}).over(RECORD)
    assert done == {
        **{k: v for k, v in RECORD.items() if k != "license"},
        "depends": ["python <4"],
        "constrains": ["x"],
    }
    assert RECORD["license"] == "MIT"


def test_objects_are_merged() -> None:
    done = patch({"run_exports": {"weak": [], "strong": None, "noarch": ["c"]}}).over(RECORD)
    assert done["run_exports"] == {"weak": [], "noarch": ["c"]}


@pytest.mark.parametrize("changes", [{}, {"depends": ["b"]}, {"depends": []}, {"run_exports": {"weak": None}}])
@pytest.mark.parametrize("revoke", [False, True])
def test_laid_over_its_own_result_it_changes_nothing(changes: dict[str, Any], revoke: bool) -> None:
    one = patch(changes, revoke=revoke)
    once = one.over(RECORD)
    assert one.over(once) == once


def test_a_revoked_package_depends_on_what_does_not_exist() -> None:
    assert patch(revoke=True).over(RECORD)["depends"] == ["python >=3.8", REVOKED]
    assert patch({"depends": ["b"]}, revoke=True).over(RECORD) == {
        **RECORD,
        "depends": ["b", REVOKED],
        "revoked": True,
    }
    assert patch(revoke=True).over({"name": "a"})["depends"] == [REVOKED]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({"depends": ["b"]}, {"license": "X"}),
        ({"depends": ["b"]}, {"depends": []}),
        ({"license": None}, {"license": "X"}),
        ({"run_exports": {"weak": None}}, {"run_exports": {"strong": ["z"]}}),
        ({"run_exports": {"weak": ["q"]}}, {"run_exports": {"weak": None}}),
        ({"run_exports": None}, {"run_exports": {"weak": ["q"]}}),
    ],
)
def test_two_patches_as_one_do_what_both_do(first: dict[str, Any], later: dict[str, Any]) -> None:
    one, other = patch(first, sha256="0" * 64), patch(later, sha256="0" * 64, reason="again")
    both = one.then(other)
    assert both.reason == "again"
    # Whoever patches lays the joined patch over the record that the first has changed.
    assert both.over(one.over(RECORD)) == other.over(one.over(RECORD))
    if first.get("run_exports", {}) is not None:
        assert both.over(RECORD) == other.over(one.over(RECORD))


def test_a_patch_of_other_bytes_is_replaced() -> None:
    old, new = patch({"license": "X"}, sha256="0" * 64, revoke=True), patch({"depends": []}, sha256="1" * 64)
    assert old.then(new) == new
    assert patch({"license": "X"}).then(new).changes == {"license": "X", "depends": []}


def test_what_it_fits() -> None:
    assert patch(sha256="0" * 64).fits("0" * 64)
    assert not patch(sha256="0" * 64).fits("1" * 64)
    assert not patch(sha256="0" * 64).fits(None)
    assert patch().fits("1" * 64)
    assert not patch(sha256="0" * 64, removing=True).fits("0" * 64)


@pytest.mark.parametrize("key", sorted(FIXED))
def test_what_tells_the_package_is_never_changed(key: str) -> None:
    with pytest.raises(ValueError, match=f"`{key}` tells which package"):
        patch({key: RECORD.get(key)}).check()


def _deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depends": "python"}, "Expected `array`, got `str` - at `$.depends`"),
        ({"depends": [1]}, "Expected `str`, got `int` - at `$.depends[0]`"),
        ({"depends": None}, "`depends` cannot be removed"),
        ({"depends": ["a" * 1001]}, "length <= 1000"),
        ({"constrains": {"a": 1}}, "Expected `array | null`"),
        ({"license": 3}, "Expected `str | null`"),
        ({"noarch": "perl"}, "Invalid enum value 'perl'"),
        ({"timestamp": "now"}, "Expected `int | null`"),
        ({"run_exports": ["a"]}, "Expected `object | null`"),
        ({"extra_depends": {"test": "a"}}, "Expected `array | null`"),
        ({"revoked": True}, "say `revoke`"),
        ({"": 1}, "is no key"),
        ({"a\x1b[2J": 1}, "is no key"),
        ({"x": _deep(70)}, "nested"),
        ({"x": 1 << 70}, "64 bits"),
        ({"x": "y" * (256 << 10)}, "more than 256 KiB"),
    ],
)
def test_values_that_clients_cannot_read_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        patch(changes).check()


def test_other_keys_may_have_any_value() -> None:
    patch({"namespace": "python", "app": {"x": [1, None]}, "track_features": ["a"], "noarch": True}).check()


@pytest.mark.parametrize("when", ["", "yesterday", "2026-11-01T12:00:00Z\n", "2026-11-01"])
def test_a_patch_without_a_time_is_none(when: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode({"changes": {}, "when": when}), type=Patch)


WANTED: list[dict[str, Any]] = [
    {"depends": []},
    {"license": None},
    {"constrains": ["x"], "license": "GPL"},
    {"run_exports": {"weak": ["a >=1"]}},
    {"run_exports": {"weak": ["other"], "noarch": []}},
    {"run_exports": None},
    {"timestamp": 7},
    {"noarch": "generic"},
]


@pytest.mark.parametrize("changes", WANTED)
@pytest.mark.parametrize("revoke", [False, True])
def test_the_patch_between_makes_one_of_the_other(changes: dict[str, Any], revoke: bool) -> None:
    wanted = {key: value for key, value in {**RECORD, **changes}.items() if value is not None}
    wanted |= {"indexed_timestamp": 99, "attestations_sha256": "1" * 64}
    if revoke:
        wanted |= {"revoked": True, "depends": [*wanted["depends"], REVOKED]}
    between = patch_between(RECORD, wanted, WHEN, "why")
    assert between is not None
    assert (between.sha256, between.reason, between.revoke) == ("0" * 64, "why", revoke)
    aim = {key: value for key, value in wanted.items() if key != "attestations_sha256"} | {"indexed_timestamp": 5}
    assert between.over(RECORD) == aim


def test_there_is_no_patch_between_equal_records() -> None:
    assert patch_between(RECORD, {**RECORD, "indexed_timestamp": 1, "features": None}, WHEN, None) is None


def test_no_patch_makes_another_package_of_one() -> None:
    with pytest.raises(ValueError, match="`sha256`"):
        patch_between(RECORD, {**RECORD, "sha256": "1" * 64}, WHEN, None)
    with pytest.raises(ValueError, match="license"):
        patch_between(RECORD, {**RECORD, "license": 5}, WHEN, None)


@pytest.mark.parametrize("changes", [*WANTED, {"depends": ["q"], "constrains": ["z"], "new": {"a": 1}}])
def test_undoing_makes_the_record_what_it_is(changes: dict[str, Any]) -> None:
    assert patch(joined_changes(changes, undoing(changes, RECORD))).over(RECORD) == RECORD
    assert patch(undoing(changes, RECORD)).over(patch(changes).over(RECORD)) == RECORD
