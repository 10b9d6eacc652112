"""Write `schemas/` from the models; with --check, say what differs and exit 1."""

from __future__ import annotations

import sys
from pathlib import Path

from schema_build import build, dump

FOLDER = Path(__file__).resolve().parents[1] / "schemas"


def main() -> int:
    """0 when every file is as the models say, after writing it if need be."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, schema in build().items():
        path = FOLDER / f"{name}.schema.json"
        text = dump(schema)
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(path.name)
            if not check:
                path.write_text(text, "utf-8")
    print(f"schemas: {', '.join(stale) or 'nothing'} {'differs' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
