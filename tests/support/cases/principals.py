"""Principals by the keys of their config."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.config.principals import GitHub, GitLab, Oidc, PrincipalConfig


def on_github(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(github=GitHub(**{"repository": "octo-org/octo-repo", **keys}))


def on_gitlab(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(gitlab=GitLab(**{"project": "mygroup/myproject", **keys}))


def oidc(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(oidc=Oidc(**{"issuer": "https://idp.example.com", "audience": "a", "subject": "s", **keys}))
