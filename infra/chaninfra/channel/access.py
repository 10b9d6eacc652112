"""Who may read a channel, and how clients authenticate."""

from __future__ import annotations

from typing import Literal

Auth = Literal["aws", "pixi", "public"]
Visibility = Literal["private", "organization", "public"]
