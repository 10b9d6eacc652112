"""Generate the printed pages and drawn pictures of `docs/`, and files of the templates and of the channel's page.

With --check, list the stale ones and exit 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.errors import MEANINGS
from chaninfra.cli.app import commands as program_commands
from docs_access import aws_access
from docs_cdn import cdn
from docs_components import components
from docs_doctor import doctor
from docs_guard_rails import guard_rails
from docs_own_store import own_store
from docs_providers import providers
from docs_settings import settings
from docs_templates import FOLDER as TEMPLATES
from docs_templates import common_files, templates
from page_facts import page_facts
from pictures import pictures

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> int:
    """Write the pages that are out of date; with --check write nothing. The exit code is 1 if --check found any."""
    check = "--check" in sys.argv[1:]
    stale = []
    for path, text in files().items():
        name = path.name if path.parent == DOCS else str(path.relative_to(DOCS.parent))
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, "utf-8")
    print(f"docs: {', '.join(stale) or 'nothing'} {'out of date' if check else 'written'}")
    return 1 if check and stale else 0


def files() -> dict[Path, str]:
    """Path → text of every generated file: pages, pictures, files of the templates and of the page of a channel."""
    return {
        **{DOCS / name: text for name, text in {**pages(), **pictures()}.items()},
        **{TEMPLATES / name: text for name, text in common_files().items()},
        **{DOCS.parent / "page/src" / name: text for name, text in page_facts().items()},
    }


def pages() -> dict[str, str]:
    """Name in `docs/` → text of every generated page."""
    return {
        "stack-config.md": stack_config(),
        "commands.md": commands(),
        "aws-access.md": aws_access(),
        "cdn.md": cdn(),
        "components.md": components(),
        "guard-rails.md": guard_rails(),
        "own-store.md": own_store(),
        "providers.md": providers(),
        "client-settings.md": settings(),
        "doctor.md": doctor(),
        "templates.md": templates(),
    }


def stack_config() -> str:
    """The page of the keys of the stack config, from its schema."""
    definitions = load(STACK_CONFIG)["$defs"]
    channel = definitions["channel"]["properties"]
    bucket = {key: value for key, value in definitions["config"]["properties"].items() if key not in channel}
    return "\n".join(
        [
            "# The stack config",
            "",
            "The keys of `Pulumi.<stack>.yaml`. They may be written `chaninfra:bucket` or `bucket`; Pulumi adds the",
            "project's name to the short form. Dots separate nested keys: `publishers.ci.github.branch`. This page is",
            "generated from `schemas/stack-config.schema.json`, which `chaninfra schema stack-config` prints.",
            "",
            "Whole numbers are taken where text is meant (`owner-id: 1234567`). Other numbers, and dates, must be in",
            'quotes (`branch: "1.10"`), since YAML reads `1.10` as 1.1, and Pulumi reads `0123` as 83.',
            "",
            "Editors with yaml-language-server (VS Code, Neovim) complete and check a stack file whose first line",
            "names the schema, with a path relative to that file. In this repository:",
            "",
            "```yaml",
            "# yaml-language-server: $schema=schemas/stack-config.schema.json",
            "```",
            "",
            "In a project of your own the keys have its name (`name` in Pulumi.yaml):",
            "",
            "```sh",
            "chaninfra schema stack-config --project my-project > stack-config.schema.json",
            "```",
            "",
            "Make this the first line of Pulumi.prod.yaml:",
            "",
            "```yaml",
            "# yaml-language-server: $schema=stack-config.schema.json",
            "```",
            "",
            "## The bucket",
            "",
            *_table(bucket, definitions),
            "",
            "## A channel",
            "",
            "At the top level for a single channel, or as the defaults of all channels; or below a name in `channels`.",
            "",
            *_table(channel, definitions),
            "",
            "## `index`",
            "",
            *_table(definitions["index"]["properties"], definitions),
            "",
            "### `index.monolith`",
            "",
            *_table(definitions["AtMostEvery"]["properties"], definitions),
            "",
            "### `index.follow`",
            "",
            "See [let the index follow every upload](follow.md).",
            "",
            *_table(definitions["Follow"]["properties"], definitions),
            "",
            "## A rule of `retention`",
            "",
            "The keys below a name in `retention`; see [retention](retention.md). At least one of `keep-newest` and",
            "`older-than` must be set; with both, a package goes only if both say so.",
            "",
            *_table(definitions["RetentionRule"]["properties"], definitions),
            "",
            "## A mirror",
            "",
            "The keys below a name in `mirrors`; see [mirrors](mirrors.md). Only `source` is needed.",
            "",
            *_table(definitions["Mirror"]["properties"], definitions),
            "",
            "## `aws`",
            "",
            *_table(definitions["aws"]["properties"], definitions),
            "",
            "### `aws.roles`",
            "",
            *_table(definitions["roles"]["properties"], definitions),
            "",
            "### `aws.follow`",
            "",
            "See [on AWS the bucket indexes itself](follow.md#on-aws).",
            "",
            *_table(definitions["follower"]["properties"], definitions),
            "",
            "## `cdn`",
            "",
            "Set both keys or neither; see [behind CloudFront](cdn.md).",
            "",
            *_table(definitions["cdn"]["properties"], definitions),
            "",
            "## A principal",
            "",
            "The keys below a name in `publishers`, `readers`, `maintainers` or `promoters`; see",
            "[access on AWS](aws-access.md) and [a store of your own](own-store.md).",
            "",
            *_table(definitions["principal"]["properties"], definitions),
            "",
            "A promoter may have one more key; see [promotion](promotion.md).",
            "",
            *_table({"from": definitions["promoter"]["properties"]["from"]}, definitions),
            "",
            *(
                line
                for key, name in {"github": "GitHub", "gitlab": "GitLab", "oidc": "Oidc", "key": "Key"}.items()
                for line in (f"### `{key}`", "", *_table(definitions[name]["properties"], definitions), "")
            ),
        ]
    )


def _table(keys: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    rows = ["| key | description | default |", "|---|---|---|"]
    for key, schema in sorted(keys.items()):
        if schema.get("deprecated"):
            continue
        default = schema.get("default")
        shown = f"`{_plain(default)}`" if default not in (None, "", [], {}) and not isinstance(default, dict) else ""
        values = schema.get("enum") or [value for option in schema.get("anyOf", ()) for value in option.get("enum", ())]
        choices = ", ".join(f"`{value}`" for value in values if value is not None)
        # Where a mapping is possible too, the description says all.
        all_said = key in ("subdirs", "subdir") or any("$ref" in option for option in schema.get("anyOf", ()) if values)
        what = schema["description"] + (f" One of {choices}." if choices and not all_said else "")
        rows.append(f"| `{key}` | {what} | {shown} |")
    return rows


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


_EXIT_CODES = "\n".join(f"| {code} | {meaning} |" for code, meaning in MEANINGS.items())
_COMMON = f"""## What holds for all of them

**The channel** is named by `-c CHANNEL` (`--channel`) with every command that works on one. `manifest`, `reindex`,
`follow`, `rollback`, `ls`, `browse`, `prune`, `gc`, `init` and `doctor` take it as their first argument too; for `copy`
`--to` is the same option. Without either it is `$CHANINFRA_CHANNEL`, else the selected Pulumi stack; only `init` wants
it said.

**What is printed**: results go to stdout; progress, notes and errors to stderr. On a terminal, a line at the bottom
shows the stage (reading and hashing, comparing, uploading, indexing), its count, the bytes and the time that is left.
In a log each package is a line, and a stage that lasts tells how far it is. What fails is red on a terminal, unless
`NO_COLOR` is set; with `TERM=dumb` a terminal gets the lines of a log.

**Ctrl-C** (and SIGTERM, as CI systems send it) ends a command within seconds, whatever it waits for. It says what is
done by then and prints the command to go on:

```text
error: stopped: 14 of 30 packages are uploaded, and none of them is in the index
  to go on, run it again with the same files, what is there is not uploaded again: `chaninfra publish FILE...`
```

Every index stays whole. Parts of a large package that could not be given up in time are deleted by `gc`. `follow` and
`browse`, which run until they are stopped, end with exit code 0.

**Dry runs**: `init`, `publish`, `copy`, `yank`, `unyank`, `patch add`, `patch rm`, `patch import`, `rollback`,
`delete`, `prune` and `gc` take `--dry-run`. It compares, selects and refuses as a real run does, with the same exit
codes; with `--json` too, where `dry-run` is true. It cannot find out whether you may write, and that of `copy` reads no
[packages of the source](copy.md). `reindex` and `manifest --into` take `--check`, which fails if something would
change. `rollback`, `delete` and `prune` show on a terminal what they would do, and ask; elsewhere they want `--yes` or
`--dry-run`.

**Exit codes** keep their meaning ([what may change](promises.md)), so scripts can use them:

| code | meaning |
|---|---|
{_EXIT_CODES}

**Completion**: `chaninfra --install-completion` makes the shell complete commands, options and their values, such as
the names of providers, subdirs and checks; open a new shell afterwards. `--show-completion` prints the script
instead.

"""


def commands() -> str:
    """The page of the commands: the `--help` of each."""
    parts = [
        "# Commands",
        "",
        "The help of every command, as `chaninfra COMMAND --help` prints it. For the first steps see [for package",
        "authors](package-author.md), [for developers](developer.md) and [for platform teams](platform-team.md).",
        "",
        _COMMON,
        _block("--help"),
    ]
    for name, _ in program_commands():
        parts += [f"## {name}", "", _block(*name.split(), "--help")]
    return "\n".join(parts)


def _block(*arguments: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "TERMINAL_WIDTH": "100"}
    printed = subprocess.run(
        [sys.executable, "-m", "chaninfra.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    text = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines())
    return f"```console\n$ chaninfra {' '.join(arguments)}\n{text}\n```\n"


if __name__ == "__main__":
    sys.exit(main())
