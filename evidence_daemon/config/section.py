"""What every block of the configuration has in common, and what several of them ask."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationInfo

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Section(BaseModel):
    """A block: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def safe(security: str, info: ValidationInfo) -> str:
    """Refuses plain text towards another machine; `host` stands before `security` in its section."""
    if security == "none" and info.data.get("host", "localhost") not in LOOPBACK:
        raise ValueError('security = "none" is accepted for loopback hosts only; use "tls" or "starttls"')
    return security


def https_beyond_loopback(url: str) -> str:
    """Refuses an address that would carry secrets in clear text to another machine."""
    parts = urlsplit(url)
    if url and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("must begin with https://")
    return url


def listed(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(filter(None, (part.strip() for part in text.split(","))))
