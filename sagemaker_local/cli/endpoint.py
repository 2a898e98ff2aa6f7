"""For the project's doors: an endpoint that runs, started when it does not, and what its clients need to know."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sagemaker_local.cli import process
from sagemaker_local.cli.client import Health
from sagemaker_local.cli.state_lock import holder
from sagemaker_local.errors import EndpointError, StateLocked
from sagemaker_local.ministack.environment import NO_CREDENTIALS_OF_THE_USER
from sagemaker_local.settings import HOST, Settings

_START_FILE = "endpoint.starting"

# What a person may have set for the tools themselves and what leads to no account.
_HARMLESS = frozenset({"AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_CLI_AUTO_PROMPT"})


@dataclass(frozen=True, slots=True)
class RunningEndpoint:
    """An endpoint that answers."""

    url: str
    region: str
    account_id: str
    root: Path
    pid: int

    def environment(self) -> dict[str, str]:
        """Give the AWS settings of a process that is to reach this endpoint and nothing else."""
        return {
            **NO_CREDENTIALS_OF_THE_USER,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            # A proxy would not find this machine's own address.
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
        }

    def removed_names(self, environ: Mapping[str, str]) -> list[str]:
        """Name the variables of `environ` that such a process must not have: profiles, tokens, other endpoints."""
        kept = self.environment().keys() | _HARMLESS
        return sorted(name for name in environ if _concerns_aws(name) and name not in kept)


def find(settings: Settings) -> RunningEndpoint | None:
    """Find the endpoint that works on this root, whatever its port; None when none answers."""
    found = process.running(settings.root)
    return None if found is None else _endpoint(found)


def ensure_up(settings: Settings, command: Sequence[str] = process.COMMAND) -> RunningEndpoint:
    """Give the root's endpoint, started when none runs; safe when several processes call it at once.

    Raises:
        PortInUse: none runs, and another program listens on the port.
        StateLocked: another process works on the root and does not answer.
        EndpointError: it cannot be started, or it runs for another region.
    """
    endpoint = find(settings) or _start(settings, command)
    if endpoint.region != settings.region:
        raise EndpointError(
            f"The endpoint at {endpoint.url} runs for region '{endpoint.region}', not '{settings.region}'. "
            "Stop it with `python -m sagemaker_local down` first, or choose another folder with SAGEMAKER_LOCAL_ROOT."
        )
    return endpoint


def _start(settings: Settings, command: Sequence[str]) -> RunningEndpoint:
    with _one_at_a_time(settings.root):
        # Somebody else may have started it while this process waited for its turn.
        found = process.running(settings.root)
        if found is None and holder(settings.root) is not None:
            found = process.wait_for_other(settings.root)
            if found is None and (pid := holder(settings.root)) is not None:
                raise StateLocked(
                    f"The process {pid} works on the state folder '{settings.root}' but does not answer. "
                    "Stop it with `python -m sagemaker_local down`, then try again."
                )
        return _endpoint(found or process.start(settings, command))


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (root / _START_FILE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _endpoint(found: Health) -> RunningEndpoint:
    return RunningEndpoint(found.url, found.region, found.account_id, found.root, found.pid)


def _concerns_aws(name: str) -> bool:
    return name.startswith("AWS_") or name in {"BOTO_CONFIG", "S3_USE_SIGV4"}
