"""hypothesis strategies for documents to merge into: every way to write TOML and YAML, and documents of wrong types."""

from __future__ import annotations

from collections.abc import Sequence

import tomli
from hypothesis import assume
from hypothesis import strategies as st

from chaninfra.manifest.text import toml

# TOML: every way to write a key, a value, a table and a comment.

BARE = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
KEY = BARE | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=5).map(toml.string)
LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
STRING = LINE.map(toml.string) | LINE.filter(lambda text: "'" not in text).map(lambda text: f"'{text}'")
SCALAR = STRING | st.sampled_from(["true", "0xff", "1_000", "-1.5e3", "nan", "inf", "1979-05-27T07:32:00Z", "07:32:00"])
LINES = st.just('"""\nlines\n  of "text"\\\n  """') | st.just("'''\n[not.a.table]\n'''")
SPACE = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def array(draw: st.DrawFn, items: st.SearchStrategy[str], least: int = 0) -> str:
    """An array of at least `least` items, on one line or several, with or without comments."""
    found = draw(st.lists(items, min_size=least, max_size=3))
    match draw(st.sampled_from(["one line", "tight", "lines", "commented"])):
        case "tight":
            return "[" + ",".join(found) + "]"
        case "lines":
            return "[\n" + "".join(f"    {item},\n" for item in found) + "]"
        case "commented":
            return "[ # head\n" + "".join(f"  # of {n}\n  {item}, # behind\n" for n, item in enumerate(found)) + "]"
    return "[ " + ", ".join(found) + " ]"


def table() -> st.SearchStrategy[str]:
    """An inline table, on one line, or on several with a comment (TOML 1.1)."""
    forms = st.sampled_from(["{{ {} = {} }}", "{{\n  {} = {}, # behind\n}}", "{{ # head\n{} = {}\n }}"])
    return st.builds(str.format, forms, BARE, SCALAR)


@st.composite
def comment(draw: st.DrawFn) -> str:
    """The end of a line: nothing, or spaces and a comment."""
    return draw(st.sampled_from(["", "", " # ", "\t#"]).flatmap(lambda mark: LINE.map(lambda t: mark and mark + t)))


@st.composite
def pairs(draw: st.DrawFn, taken: Sequence[str] = ()) -> str:
    """Up to three `key = value` pairs, with comments and empty lines; none of the keys in `taken`."""
    values = SCALAR | LINES | array(SCALAR | LINES) | table()
    keys = draw(st.lists(KEY, max_size=3, unique_by=name_of))
    lines = []
    for key in keys:
        if name_of(key) in taken:
            continue
        lines.append(f"{draw(SPACE)}{key}{draw(SPACE)}={draw(SPACE)}{draw(values)}{draw(comment())}\n")
        lines += draw(st.lists(st.just("\n") | LINE.map(lambda text: f"# {text}\n"), max_size=2))
    return "".join(lines)


def name_of(key: str) -> str:
    """The name that a key of TOML text stands for."""
    return next(iter(tomli.loads(f"{key} = 1")))


CHANNELS = st.sampled_from(
    ['"conda-forge"', "'bioconda'", '"https://repo.example.com/c"', '{channel = "x", priority = 1}']
)


@st.composite
def manifests(draw: st.DrawFn, table: str = "workspace") -> str:
    """A valid pixi.toml (or, by `table`, pyproject.toml), with its tables in any order."""
    parts = [draw(pairs(("workspace", "project", "other", "tool")))]
    own = "name = 'mine'\n" if draw(st.booleans()) else "platforms = []\n"
    if draw(st.booleans()):
        own += f"channels{draw(SPACE)}={draw(SPACE)}{draw(array(CHANNELS, 1) | st.just('[]'))}{draw(comment())}\n"
    own += draw(pairs(("channels", "s3-options", "requires-pixi", "name", "platforms")))
    options = draw(st.sampled_from(["none", "tables", "inline", "lines", "dotted", "ours"]))
    other = 'endpoint-url = "https://other"\nregion = "x"\nforce-path-style = false\n'
    inline = "{" + ", ".join(other.splitlines()) + "}"
    below = []
    match options:
        case "lines":
            own += "s3-options = {\n  other = {\n    " + ",\n    ".join(other.splitlines()) + ", # behind\n  },\n}\n"
        case "inline":
            own += f"s3-options = {{ other = {inline} }}\n"
        case "dotted":
            own += f"s3-options.other = {inline} # mine\n"
        case "tables":
            below = [f"[{table}.s3-options.other]\n{other}"]
        case "ours":
            below = [f"[{table}.s3-options.my-bucket]\nregion = 'wrong' # keep\n", f"[{table}.s3-options.b]\n{other}"]
    tables = [f"[{table}]{draw(comment())}\n{own}", *below]
    others = [
        f"[other-{n}{draw(st.sampled_from(['', '.a', '.b']))}]\n{draw(pairs())}" for n in range(draw(st.integers(0, 2)))
    ]
    others += [f"[[list-{n}]]\n{draw(pairs())}" for n in range(draw(st.integers(0, 1)))]
    gap = draw(st.sampled_from(["", "\n", "\n# between\n\n"]))
    text = gap.join([*parts, *draw(st.permutations([*tables, *others]))])
    if draw(st.booleans()):
        text = text.rstrip("\n")
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        # Sometimes two spellings of the same name meet.
        assume(False)
    return text


def is_together(text: str, table: str) -> bool:
    """Whether no other table is between the tables `[table]` and `[table.…]` of the text."""
    headers = [line for line in text.splitlines() if line.startswith("[")]
    own = [place for place, line in enumerate(headers) if line.startswith((f"[{table}]", f"[{table}."))]
    return own == list(range(own[0], own[0] + len(own)))


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True).filter(
    lambda name: name not in ("on", "no", "yes", "y", "n")
)


@st.composite
def workflows(draw: st.DrawFn) -> str:
    """A GitHub workflow with various indentations, and with comments between steps."""
    step = draw(st.sampled_from(["  ", "    "]))
    dash = draw(st.sampled_from(["", "  "]))
    steps = [
        "uses: actions/checkout@v4",
        "run: |\n{in}  a\n\n{in}  b",
        'name: "x: y"\n{in}run: make',
        "uses: 'prefix-dev/setup-pixi@v0.9.0'",
    ]
    lines = [
        draw(st.sampled_from(["", "---\n", "# top\n\n"])) + f"name: {draw(NAMES)}",
        "on: [push, pull_request]",
        "jobs:",
    ]
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        lines += [
            f"{step}{name}:{draw(comment()).replace(chr(9), ' ')}",
            f"{step}{step}runs-on:   ubuntu-latest",
            f"{step * 2}steps:",
        ]
        for each in draw(st.lists(st.sampled_from(steps), min_size=1, max_size=4)):
            column = step * 2 + dash
            if draw(st.booleans()):
                lines.append(f"{column}# a comment")
            lines.append(f"{column}- " + each.replace("{in}", column + "  "))
            lines += [""] * draw(st.integers(0, 1))
    text = "\n".join(lines)
    return text if draw(st.booleans()) else text + "\n"


# Documents with the right words in wrong places.
WORDS = st.sampled_from(
    ["prefix-dev/setup-pixi@v0", "chaninfra publish", "aws-actions/configure-aws-credentials@v6", "conda-forge", "x"]
)
KEYS = st.sampled_from(
    ["jobs", "steps", "uses", "run", "with", "env", "permissions", "test", "publish", "channels", "before_script", "id"]
)
ANYTHING = st.recursive(
    WORDS | st.none() | st.integers(0, 3) | st.booleans(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(KEYS, each, max_size=4),
    max_leaves=12,
)
STEPS = st.lists(st.fixed_dictionaries({}, optional={"uses": WORDS, "run": WORDS, "with": ANYTHING, "env": ANYTHING}))
JOBS = st.fixed_dictionaries({}, optional={"steps": STEPS | ANYTHING, "env": ANYTHING, "permissions": ANYTHING})
DOCUMENTS = ANYTHING | st.fixed_dictionaries({"jobs": st.dictionaries(KEYS, JOBS, max_size=2)})
