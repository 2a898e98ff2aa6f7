"""Which container images the endpoint stands in for, without Docker: the name says what is expected inside."""

from __future__ import annotations

from dataclasses import dataclass

from sagemaker_local.errors import UnsupportedFeature

XGBOOST_REPOSITORY = "sagemaker-xgboost"
XGBOOST_VERSION = "3.2-0"


@dataclass(frozen=True, slots=True)
class Image:
    """An image's address in its parts: `<registry>/sagemaker-xgboost:3.2-0-cpu-py3`."""

    registry: str
    repository: str
    tag: str

    @classmethod
    def parse(cls, uri: str) -> Image:
        """Take an address apart; a digest counts as the tag.

        `1.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0` gives repository `sagemaker-xgboost`, tag `3.2-0`.
        """
        name, _, digest = uri.partition("@")
        registry, slash, rest = name.partition("/")
        if not slash:
            registry, rest = "", name
        repository, _, tag = rest.partition(":")
        return cls(registry, repository, tag or digest or "latest")

    @property
    def is_xgboost(self) -> bool:
        """AWS's own XGBoost container, whatever its version."""
        return self.repository.rpartition("/")[2] == XGBOOST_REPOSITORY

    @property
    def is_supported_xgboost(self) -> bool:
        """The version whose libraries the endpoint has."""
        return self.is_xgboost and (self.tag == XGBOOST_VERSION or self.tag.startswith(f"{XGBOOST_VERSION}-"))


def notice(uri: str) -> str | None:
    """What the log should say at the start of a job whose image the endpoint has not the libraries of."""
    if Image.parse(uri).is_supported_xgboost:
        return None
    return f"[sagemaker_local] {uri} is not run: there is no Docker here, the command gets the endpoint's own Python."


def require_xgboost(uri: str, what: str) -> None:
    """Refuse an image whose own programs (`train`, `serve`) the endpoint would have to know.

    Raises:
        UnsupportedFeature: by name.
    """
    if not Image.parse(uri).is_supported_xgboost:
        raise UnsupportedFeature(
            f"The image {uri!r} is not supported for {what}: there is no Docker here, only the libraries of "
            f"{XGBOOST_REPOSITORY}:{XGBOOST_VERSION}. Use that image, or give a ContainerEntrypoint."
        )
