"""A corpus of `info/index.json` files, valid and invalid, all of the package x-1-0 in noarch.

Each differs in one or a few fields from a minimal one.
"""

from __future__ import annotations

import json
from typing import Any

from support.channels.archives import index_json

SPECS = (
    "a", "A", "Foo >1", "a.b", "_a", "__glibc >=2.17,<3.0.a0", "a 1", "a 1.0", "a =1", "a ==1", "a 1.*", "a 1*", "a *",
    "a >=1", "a >=1.0.0", "a >=1,<2.0a0", "a >=1, <2", "a >=1|<0.5", "a (>=1|<0.5),!=3", "a 1|2", "a 1,2", "a >= 1",
    "python_abi 3.11.* *_cp311", "a 1 h_0", "a >=1 *_mkl", "a * *_mkl", "a *_x", "a ~=1.2", "a !=1.2.*", "a !=1.2|>3",
    "a >=1.0.0 ", "a>=1", "a  >=1", "a >1.0post1", "a 1.1_2", "a 1-1", "a >=1.0+x", "a >=1!2", "a ==1.*", "a=1.0",
    "a =1.0=h", "a==1=0", "a >=1.*", "a >=01.02", "a >=00.1", "a >=V1", "a 1.x", "a >=1a.2b", "a 1.1.1*", "a 1 2 3",
    "a <1.0.a0", "a >=1.dev", "a ==1.0 0", "a 0.* 0", "a >=1 b*c*", "a[build_number='>1']", 'a[version=">1"]',
    'a[version="1.*",build="*_x"]', "conda-forge::a >=1", "conda-forge/linux-64::a", "a[license=MIT]", "a # b",
    "a b c d", "https://a.b/noarch/x-1-0.conda", "a[md5=0123456789abcdef0123456789abcdef]", "*", "", " ",
    "a >=<1", "föö", "a;x",
    "a ^1", "a ^1.*$", "a[features=x]", "a >=1; if b", "a >1\n", "a.conda", "a-1.0-0.tar.bz2", "a 1.0.0.0.0.0.0.0",
    "a >=123456789012345678901234567890", "a >=1.0.0a1.b2", "a 2020a", "a !=1.*",
)  # fmt: skip
"""Match specs that do not need v3, valid and invalid."""

SPECS_V3 = (
    'a[when="__win"]', 'a[when="python 3"]', 'a[when="b >=1 and (c or d)"]', "foo[extras=[bar]]", "a[extras=[x, y]]",
    'a[extras=["x"],version=">1"]', "a >1[extras=[x]]", 'Foo 1[when="__win"]', "a[flags=[cuda]]",
    'a[flags=[cuda, "b:*"]]', "A[license=MIT,when=x]", "a[extras=[]]",
)  # fmt: skip
"""Match specs that need v3 (CEP 48)."""

VERSIONS = (
    "1.0.0", "1!2.0+loc.1", "1.0-1", "1_2", "abc", "1.0_", "V1", "2020a", "1.0.dev0+g1", "1.0post", "01.02", "1a", "0",
    "1.0.a1", "1.0rc", "99999999999999999999", "", "1..2", "1 0", "1.*", "=1", ">1", "1-2_3", "é", ".1", "1+", "1!",
    "a!1", "*", "1\n",
)  # fmt: skip

TIMESTAMPS = (
    None, 0, -1, 1_700_000_000, 1_700_000_000_000, 253_402_207_200, 253_402_300_800, -377_705_023_201,
    253_402_207_201, 253_402_300_799, 253_402_207_201_000, -377_705_023_202, 1 << 63, 1.5, "1", True,
)  # fmt: skip

FIELDS: dict[str, tuple[Any, ...]] = {
    "version": (*VERSIONS, 1, None),
    "name": ("Xy_Z.q", "_x", "x y", "é", "x/y", "x\n", 1, None),
    "build": ("py_é b", "", 0, None),
    "build_number": (1, (1 << 64) - 1, 1 << 64, -1, "0", True, None, 1.5),
    "noarch": (True, False, None, "", "python", "generic", "Python", "weird", 1),
    "timestamp": TIMESTAMPS,
    "track_features": ("", "a b", "a, b", "a,b", " a ", "a\tb", ["a", "b "], [], None, [1]),
    "features": ("f", "", None, ["a"]),
    "license": ("MIT OR Apache-2.0", "", "Ünï ☃ 😀 \"\\\x07\x7f\u2028", None, ["a"]),
    "license_family": ("MIT", None),
    "arch": ("x86_64", None),
    "platform": ("linux", None),
    "depends": (*((spec,) for spec in (*SPECS, *SPECS_V3)), [], None, "a", [1], [None], ["b", "a", "b"],
                ["Foo 1", "a[extras=[x, y]]"], ["a " + "(" * 600 + "1" + ")" * 600]),
    "constrains": (["z <2", "Foo 1"], ['z[when="__win"]'], [], None),
    "extra_depends": ({"t": ["pytest", "A 1"], "a": []}, {"t": ["A[extras=[x, y]]", "B 1"]}, {}, None, {"t": None}),
    "flags": (["cuda", "blas:mkl"], [], ["A"], ["a:b:c"], [""], ["a\n"], None),
    "purls": (["pkg:pypi/Foo@1", "pkg:conda/a?x=1&b=2"], ["pkg:pypi/b", "pkg:pypi/a", "pkg:pypi/b"], [], None, ["x"]),
    "python_site_packages_path": ("lib/python3.13t/site-packages", None),
    "repodata_revision": (0, 3, None, 1, 4, "v3"),
    "subdir": ("noarch",),
    "foo": ({"a": [1]},),
    "md5": ("00",),
    "indexed_timestamp": (3,),
    "run_exports": ({"weak": ["q"]},),
}  # fmt: skip

TOGETHER: dict[str, dict[str, Any]] = {
    "v3 by its revision": {"repodata_revision": 3, "depends": ["A 1", "b >=1,<2", "c"]},
    "legacy with extras": {"repodata_revision": 0, "extra_depends": {"t": ["a"]}},
    "legacy with extras' condition": {"repodata_revision": 0, "extra_depends": {"t": ["a[flags=[x,y]]", "B 1"]}},
    "legacy with a condition": {"repodata_revision": 0, "depends": ['a[when="b"]']},
    "everything": {
        "arch": "x86_64",
        "platform": "linux",
        "license": "BSD-3-Clause",
        "license_family": "BSD",
        "timestamp": 1_700_000_000_123,
        "depends": ["python >=3.8", "numpy >=1.21,<3", "python_abi 3.11.* *_cp311"],
        "constrains": ["old <1"],
        "track_features": "slow",
        "features": "mkl",
        "flags": ["cuda"],
        "extra_depends": {"test": ["pytest >=8"]},
        "purls": ["pkg:pypi/x"],
    },
}

_LEAST = b'"name":"x","version":"1","build":"0","build_number":0,"subdir":"noarch"'
RAW: dict[str, bytes] = {
    "escapes": b'{%s,"license":"\\u00e9\\ud83d\\ude00\\/"}' % _LEAST,
    "half of a pair": b'{%s,"license":"\\ud83d"}' % _LEAST,
    "an unknown key twice": b'{"q":1,"q":2,%s}' % _LEAST,
    "spaces around": b" \n{ %s }\n\t " % _LEAST,
    "more behind": b"{%s} x" % _LEAST,
    "a zero behind": b"{%s}\0" % _LEAST,
    "a byte order mark": b"\xef\xbb\xbf{%s}" % _LEAST,
    "latin-1": b'{%s,"license":"\xe9"}' % _LEAST,
    "a list": b"[{%s}]" % _LEAST,
    "no number": b'{"q":NaN,%s}' % _LEAST,
    "nothing": b"",
    "null": b"null",
    "deep": b'{"q":%s,%s}' % (b"[" * 100 + b"]" * 100, _LEAST),
}

RUN_EXPORTS: dict[str, bytes] = {
    "none": b"{}",
    "some": b'{"weak":["A  1"],"strong":[],"foo":1,"noarch":["b"],"weak_constrains":["c"],"strong_constrains":["d"]}',
    "a text": b'"a"',
    "no json": b"{nope",
    "null": b'{"weak":null}',
}


def variants() -> dict[str, bytes]:
    """Label → index.json."""
    found = {"least": json.dumps(index_json()).encode()}
    for field, values in FIELDS.items():
        for value in values:
            content = list(value) if isinstance(value, tuple) else value
            label = f"{field}={content!r}"[:80]
            found[label] = json.dumps(index_json() | {field: content}, ensure_ascii=False).encode()
    for field in ("name", "version", "build", "build_number"):
        least = index_json()
        del least[field]
        found[f"no {field}"] = json.dumps(least).encode()
    found |= {label: json.dumps(index_json(**fields)).encode() for label, fields in TOGETHER.items()}
    return found | RAW
