"""What the columns of each store were found to be: kept in `build/stores/columns/`, and printed as a Markdown table.

As a program: prints a row for each column and a column for each store, as `make test-stores` last found them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from support.paths import ROOT
from support.stores.columns.asking import DOES_NOT_APPLY
from support.stores.columns.table import EXPERIMENTS
from support.stores.model import Store

FOLDER = ROOT / "build/stores" / "columns"


def record(store: Store, column: str, found: Any) -> None:
    """Notes what the experiment of a column found. The tests of one store run in one process."""
    path = FOLDER / f"{store.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    columns = known.get("columns", {}) if known.get("version") == store.version else {}
    columns[column] = {"found": found, "row": store.row.facts()[column].value}
    now = datetime.now(UTC).date().isoformat()
    told = {"server": store.name, "version": store.version, "provider": store.provider, "date": now}
    path.write_text(json.dumps({**told, "columns": columns}, indent=2) + "\n", encoding="utf-8")


def table() -> str:
    """A row for each column. A cell that is not as the row says has the row's value in brackets."""
    stores = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    head = ("", *(f"{each['server']} {each['version']} ({each['date']})" for each in stores))
    rows = [(f"`{column}`", *(_cell(each["columns"].get(column)) for each in stores)) for column in EXPERIMENTS]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def _cell(column: dict[str, Any] | None) -> str:
    if column is None:
        return ""
    same = column["found"] in (column["row"], DOES_NOT_APPLY)
    return str(column["found"]) if same else f"**{column['found']}** ({column['row']})"


if __name__ == "__main__":
    print(table())
