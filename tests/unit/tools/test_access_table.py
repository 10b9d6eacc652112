"""The access table, and how the documentation prints it."""

from __future__ import annotations

from access_table import ACTIONS, PRINCIPALS, TABLE, Cell, markdown


def test_the_table_has_a_row_per_action_and_a_column_per_principal() -> None:
    head, rule, *rows = [line.strip("|\n ").split(" | ") for line in markdown().splitlines()]
    assert head == list(PRINCIPALS.values())
    assert set(rule) == {"---"}
    assert [row[0] for row in rows] == list(ACTIONS.values())
    assert {len(row) for row in rows} == {len(rule)}


def test_a_cell_says_where_it_holds_and_if_only_aws_can_judge_it() -> None:
    rows = {row[0]: row[1:] for row in (line.strip("| ").split(" | ") for line in markdown().splitlines())}
    columns = list(PRINCIPALS)
    assert rows[ACTIONS["get"]][columns.index("publisher")] == "own prefix"
    assert rows[ACTIONS["list"]][columns.index("publisher")] == "yes"
    assert rows[ACTIONS["put-descriptor"]][columns.index("maintainer")] == "no"
    assert rows[ACTIONS["get"]][columns.index("member")] == "own prefix (AWS only)"
    assert rows[ACTIONS["overwrite-guarded"]][columns.index("publisher")] == "no (AWS only)"


def test_publishers_neither_delete_nor_write_files_of_the_stack_or_of_maintainers() -> None:
    for action in (
        "delete-package",
        "put-yanked",
        "put-notices",
        "delete-history",
        "put-internal",
        "put-descriptor",
        "delete-descriptor",
    ):
        assert TABLE["publisher", "own", action] == Cell(allowed=False)


def test_nobody_but_the_stack_writes_what_a_browser_runs() -> None:
    changes = ("put-page", "put-asset", "delete-page", "put-descriptor", "delete-descriptor")
    assert not [cell for cell, may in TABLE.items() if cell[2] in changes and may.allowed]


def test_whoever_writes_the_index_keeps_its_old_states_and_who_collects_garbage_deletes_them() -> None:
    for action, who in (
        ("put-history", {"publisher", "promoter", "maintainer", "follower"}),
        ("delete-history", {"maintainer", "follower"}),
        ("delete-index", {"maintainer"}),
    ):
        assert {principal for principal in PRINCIPALS if TABLE[principal, "own", action].allowed} == who
    for principal in PRINCIPALS:
        assert TABLE[principal, "own", "put-index"].allowed == TABLE[principal, "own", "put-history"].allowed


def test_what_follows_neither_puts_nor_deletes_packages() -> None:
    for action in ("put-package", "overwrite-package", "multipart", "delete-package", "put-descriptor"):
        assert TABLE["follower", "own", action] == Cell(allowed=False)


def test_nobody_changes_anything_outside_the_channel() -> None:
    changes = set(ACTIONS) - {"get", "list", "refresh-cdn"}
    assert not [cell for cell, may in TABLE.items() if cell[1] != "own" and cell[2] in changes and may.allowed]


def test_a_promoter_is_a_publisher_who_patches_and_reads_its_sources() -> None:
    more = {action for action in ACTIONS if TABLE["promoter", "own", action] != TABLE["publisher", "own", action]}
    assert more == {"put-patches"}
    assert TABLE["promoter", "own", "put-patches"].allowed
    assert {action for action in ACTIONS if TABLE["promoter", "source", action].allowed} == {"get", "list"}
    rows = {row[0]: row[1:] for row in (line.strip("| ").split(" | ") for line in markdown().splitlines())}
    column = [*PRINCIPALS].index("promoter")
    assert rows[ACTIONS["get"]][column] == "own prefix, sources"
    assert rows[ACTIONS["list"]][column] == "yes, sources"
    assert rows[ACTIONS["put-patches"]][column] == "own prefix"
