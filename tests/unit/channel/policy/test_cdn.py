"""What the bucket policy allows the CDN."""

from __future__ import annotations

from chaninfra.channel.policy.cdn import NO_DISTRIBUTION, cdn_read, distribution_arn

ARN = distribution_arn("123456789012", "E2EXAMPLE")


def test_only_the_distribution_reads_the_channels_and_lists_the_bucket() -> None:
    get, list_ = cdn_read("b", ["stable", "team/dev"], ARN)
    assert (get["Sid"], list_["Sid"]) == ("ChaninfraCdnReadGetObject", "ChaninfraCdnReadListBucket")
    assert (get["Action"], list_["Action"]) == ("s3:GetObject", "s3:ListBucket")
    assert get["Resource"] == ["arn:aws:s3:::b/stable/*", "arn:aws:s3:::b/team/dev/*"]
    for statement in (get, list_):
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceArn": ARN}}


def test_the_placeholder_is_the_arn_of_no_distribution() -> None:
    account = NO_DISTRIBUTION.split(":")[4]
    assert not account.isdigit()
