"""Which part of the packages a job does, by the option or by the index that its scheduler gives it."""

from __future__ import annotations

from collections import Counter

import pytest

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.cli.part_option import check_shared, part_of
from chaninfra.index.part import Part
from support.channels.channels import descriptor

BATCH = {"AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "8"}
KUBERNETES = {"JOB_COMPLETION_INDEX": "0"}
SLURM = {"SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_COUNT": "1"}


@pytest.mark.parametrize(
    ("given", "environment", "number", "count"),
    [
        ("1/1", {}, 1, 1),
        ("3/8", BATCH, 3, 8),
        ("64/64", {}, 64, 64),
        ("/8", BATCH, 3, 8),
        ("auto", BATCH, 3, 8),
        ("/8", {"AWS_BATCH_JOB_ARRAY_INDEX": "7"}, 8, 8),
        ("/8", KUBERNETES, 1, 8),
        ("/8", SLURM, 8, 8),
    ],
)
def test_a_part(given: str, environment: dict[str, str], number: int, count: int) -> None:
    assert part_of(given, environment) == Part(number=number, count=count)


def test_without_the_option_all_packages_are_meant() -> None:
    assert part_of(None, BATCH) is None


def test_the_environment_of_the_process_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "4")
    assert part_of("/5") == Part(number=5, count=5)


@pytest.mark.parametrize(
    ("given", "environment", "message", "where", "remedy"),
    [
        *((text, {}, "is not a part", "--part", "3/8") for text in ("", "3", "3/", "a/b", "-1/8", "1/8\n", "1/2/3")),
        *((text, {}, "is not a part", "--part", "3/8") for text in ("٣/٨", "1 / 8", "AUTO", "1/9999999")),
        ("0/8", {}, "there is no part 0 of 8", "--part", "from 1 to 8"),
        ("9/8", {}, "there is no part 9 of 8", "--part", "from 1 to 8"),
        ("1/0", {}, "0 parts are not possible", "--part", "1 to 64"),
        ("1/65", {}, "65 parts are not possible", "--part", "1 to 64"),
        ("/8", {}, "none of AWS_BATCH_JOB_ARRAY_INDEX, JOB_COMPLETION_INDEX", "--part", "--part 3/8"),
        ("auto", {"JOB_COMPLETION_INDEX": ""}, "none of AWS_BATCH_JOB_ARRAY_INDEX", "--part", "--part 3/8"),
        ("/8", BATCH | KUBERNETES, "AWS_BATCH_JOB_ARRAY_INDEX and JOB_COMPLETION_INDEX are both", "--part", "3/8"),
        ("auto", KUBERNETES, "AWS_BATCH_JOB_ARRAY_SIZE, which is not set", "--part", "--part /8"),
        ("auto", SLURM, "AWS_BATCH_JOB_ARRAY_SIZE, which is not set", "--part", "--part /8"),
        ("/4", BATCH, "8 jobs do not do 4 parts", "AWS_BATCH_JOB_ARRAY_SIZE", "--part auto"),
        ("auto", BATCH | {"AWS_BATCH_JOB_ARRAY_SIZE": "1000"}, "1,000 parts are not", "--part", "1 to 64"),
        ("auto", BATCH | {"AWS_BATCH_JOB_ARRAY_INDEX": "8"}, "no part 8 of 8", "AWS_BATCH_JOB_ARRAY_INDEX", "0 to 7"),
        ("/8", {"SLURM_ARRAY_TASK_ID": "0"}, "no part 0 of 8", "SLURM_ARRAY_TASK_ID", "from 1 to 8"),
        ("/8", {"JOB_COMPLETION_INDEX": "\x1b[2J"}, "is not a number of a job", "JOB_COMPLETION_INDEX", "3/8"),
    ],
)
def test_what_is_no_part(given: str, environment: dict[str, str], message: str, where: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        part_of(given, environment)
    assert message in caught.value.message
    assert caught.value.where == where
    assert remedy in (caught.value.remedy or "")
    assert str(caught.value).isprintable() or "\n" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_jobs_do_not_share_a_channel_of_one_writer() -> None:
    """Unless its store is known to have conditional writes, they would lose each other's packages."""
    two, single = Part(number=1, count=2), DescribedIndex(writers="single")
    check_shared(two, descriptor("c"))
    check_shared(Part(number=1, count=1), descriptor("c", index=single))
    check_shared(None, descriptor("c", index=single))
    check_shared(two, descriptor("c", index=single))
    lacks = ConditionalWrites(create=False, replace=False, multipart=False)
    neither = DescribedIndex(writers="single", conditional_writes=lacks)
    for index in (single, neither):
        with pytest.raises(ConfigurationError, match="one writer at a time") as caught:
            check_shared(two, descriptor("c", provider="custom", index=index))
        assert caught.value.remedy == "run one job, without --part"


def test_each_package_is_in_one_part_and_the_parts_are_alike() -> None:
    parts = [Part(number=number, count=8) for number in range(1, 9)]
    paths = [f"noarch/p{number}-1-0.conda" for number in range(4000)]
    of = Counter(part.number for path in paths for part in parts if part.has(path))
    assert sum(of.values()) == len(paths)
    assert min(of.values()) > 400
    assert max(of.values()) < 600


def test_the_packages_of_a_name_are_in_one_part() -> None:
    """Their records are in one shard, which two jobs would have to make again for each other."""
    for name in ("a", "python-dateutil", "Odd_Name"):
        paths = [f"noarch/{name}-{number}-{build}.tar.bz2" for number in range(20) for build in "01"]
        (part,) = [part for part in (Part(number=number, count=3) for number in (1, 2, 3)) if any(map(part.has, paths))]
        assert all(map(part.has, paths))
