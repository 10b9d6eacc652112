"""A channel for each team of a list, by Pulumi's Automation API: one stack a team.

python teams.py teams.txt --endpoint-url https://minio.example.com
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import pulumi
from pulumi import automation

from chaninfra.pulumi import CondaChannel

PROJECT = "conda-teams"


def program_of(team: str, endpoint_url: str) -> Callable[[], None]:
    """What the stack of a team declares."""

    def program() -> None:
        channel = CondaChannel(
            team,
            {
                "provider": "minio",
                "endpoint_url": endpoint_url,
                "bucket": f"conda-{team}",
                "prefix": team,
                "subdirs": ["linux-64"],
                "publishers": {"ci": {"key": {}}},
            },
        )
        pulumi.export("channels", {team: channel.descriptor})
        pulumi.export("keys", channel.keys)

    return program


def provision(team: str, endpoint_url: str, say: Callable[[str], None]) -> str:
    """Brings the stack of a team up, telling of each resource that changes; the channel's URL."""
    stack = automation.create_or_select_stack(team, PROJECT, program=program_of(team, endpoint_url))
    made = 0

    def progress(event: automation.EngineEvent) -> None:
        nonlocal made
        done = event.res_outputs_event
        if done is not None and done.metadata.op.value != "same":
            made += 1
            say(f"{done.metadata.op.value} {done.metadata.urn.rsplit('::', 1)[1]}")

    result = stack.up(on_event=progress)
    if not made:
        say("nothing to do")
    return str(result.outputs["channels"].value[team]["url"])


def main() -> None:
    parser = argparse.ArgumentParser(description="A conda channel for each team of a list.")
    parser.add_argument("teams", type=Path, help="a file with a team's name in each line")
    parser.add_argument("--endpoint-url", required=True, help="the URL of the MinIO server")
    args = parser.parse_args()
    teams = args.teams.read_text().split()
    for number, team in enumerate(teams, 1):
        place = f"[{number}/{len(teams)}] {team}"
        url = provision(team, args.endpoint_url, lambda line, place=place: print(f"{place}: {line}", flush=True))
        print(f"{place}: {url}", flush=True)


if __name__ == "__main__":
    main()
