"""Settings of boto3 clients."""

from __future__ import annotations

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.s3.boto import s3_client


@pytest.mark.parametrize(("force_path_style", "style"), [(True, "path"), (False, "virtual")])
def test_addressing_style_in_botocores_words(force_path_style: bool, style: str) -> None:
    location = Location(bucket="b", endpoint_url="http://host", region="eu-1", force_path_style=force_path_style)
    config = s3_client(location, None).meta.config.s3  # type: ignore[attr-defined]
    assert config["addressing_style"] == style
