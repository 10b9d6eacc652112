"""Values of fields of a record, as JSON, with which rattler 0.28 rejects all packages of the record's name, or that no
shard can hold; and values that only look odd. Found by asking it, from repodata.json and from shards.
"""

from __future__ import annotations

_NUMBERS = ("1e3", "1.5", "true", "[]", '"5"', str(1 << 64), "1" + "0" * 30, "1e400")
_TEXTS = ("5", "[]", "true")
_LISTS = ('"x"', "[1]", '[["x"]]', '{"a":1}', "5")

INVALID: tuple[tuple[str, str], ...] = (
    *(
        (field, value)
        for field in ("md5", "sha256", "legacy_bz2_md5", "attestations_sha256")
        for value in ('"xxx"', '"abcd"', '""', "5")
    ),
    *((field, value) for field in ("size", "build_number", "legacy_bz2_size") for value in (*_NUMBERS, "-1")),
    *((field, value) for field in ("timestamp", "indexed_timestamp") for value in (*_NUMBERS, str(1 << 63))),
    *((field, value) for field in ("depends", "constrains", "flags") for value in (*_LISTS, "null")),
    *(("purls", value) for value in (*_LISTS, '[""]', '["x"]')),
    *(("track_features", value) for value in ("5", "null", "[1]", '{"a":1}')),
    *(
        (field, value)
        for field in (
            "arch",
            "features",
            "license",
            "license_family",
            "platform",
            "python_site_packages_path",
        )
        for value in _TEXTS
    ),
    *((field, value) for field in ("name", "version", "build", "subdir") for value in (*_TEXTS, "null")),
    ("name", '""'),
    *(("version", value) for value in ('""', '"zz zz"')),
    *(("noarch", value) for value in ("5", "[]", '"other"')),
    *(("run_exports", value) for value in ("5", '["a"]', '{"weak":"a"}', '{"strong":[1]}')),
    *(("extra_depends", value) for value in ("5", "null", '["a"]', '{"a":"b"}')),
    ("x-more", "1" + "0" * 30),
    ("x-more", "[" * 100 + "]" * 100),
)
"""(field, value) that must not be written into an index."""

ODD: tuple[tuple[str, str], ...] = (
    *((field, "null") for field in ("md5", "legacy_bz2_md5", "size", "timestamp", "license", "noarch", "purls")),
    ("noarch", "true"),
    ("noarch", "false"),
    ("track_features", '["a","b"]'),
    ("size", str((1 << 64) - 1)),
    ("timestamp", "-1"),
    ("depends", '["x ===1.(("]'),
    ("depends", '[""]'),
    ("run_exports", '{"weak":["a"],"other":5}'),
    ("x-more", '{"a":[1.5,null,"b"]}'),
)
"""Values that another tool may have written, and that stay."""
