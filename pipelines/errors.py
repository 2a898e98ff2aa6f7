"""Everything that building and deploying a pipeline refuses.

PipelineError
├── ConfigError
│   ├── UnreadableConfig        a file is missing, is not YAML, or says a key twice
│   ├── InvalidConfig           unknown, missing or ill-typed keys; `problems` has one entry for each
│   └── PlaceholderAccount      ACCOUNT_ID still stands where AWS needs an account
├── UnknownPipeline             no pipeline of that name
├── MissingScript               a script that a step packs is not in the checkout
├── ImpureBuild                 the SDK tried to reach AWS while a definition was being built
├── InvalidDefinition           the definition would be refused, or would never run; `problems` says why
└── DeploymentError
    ├── NoSuchBucket            the bucket is not there
    ├── FunctionNotReady        a Lambda function did not become usable
    └── RequestRefused          AWS, or the local endpoint, refused or did not answer a request
"""

from __future__ import annotations

from collections.abc import Sequence


class PipelineError(Exception):
    """The base of all errors that a caller can act upon."""


class _Listing(PipelineError):
    """Several findings under one headline; the caller sees all of them at once."""

    def __init__(self, headline: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join([headline, *(f"  - {problem}" for problem in problems)]))
        self.problems = tuple(problems)


class ConfigError(PipelineError):
    """A configuration cannot be used."""


class UnreadableConfig(ConfigError):
    """A configuration file is missing, is not YAML, or says a key twice."""


class InvalidConfig(_Listing, ConfigError):
    """The keys or values of a configuration are refused."""


class PlaceholderAccount(ConfigError):
    """ACCOUNT_ID stands where AWS needs the number of an account."""


class UnknownPipeline(PipelineError):
    """No pipeline has that name."""


class MissingScript(PipelineError):
    """A script that a step packs is not in the checkout."""


class ImpureBuild(PipelineError):
    """The SDK tried to reach AWS while a definition was being built."""


class InvalidDefinition(_Listing):
    """A definition that the service would refuse, or that could never run to its end."""


class DeploymentError(PipelineError):
    """A definition could not be brought to AWS or to the local endpoint."""


class NoSuchBucket(DeploymentError):
    """The bucket of the configuration does not exist."""


class FunctionNotReady(DeploymentError):
    """A Lambda function was deployed but did not become usable."""


class RequestRefused(DeploymentError):
    """A request was refused, or nobody answered it."""


class WrongRegion(DeploymentError):
    """The session works in another region than the configuration says."""
