"""A quiet, offline world for the SageMaker SDK: the one place that touches the process environment, and puts it back.

What the SDK (3.27) does when it is imported or builds a step, and what stops it here:

- `sagemaker.mlops` makes boto3 clients while it is imported: they need a region and look for credentials, on a bare
  machine at the instance metadata address. They get a region and keys that open nothing.
- Roles are checked by `iam:SimulatePrincipalPolicy` unless an environment variable forbids it; no argument does.
- Profiles, endpoints and configuration files of the user would change what is built. They are hidden.
- The root logger is set up when it has no handler. It gets one for the time of the import.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3

_NO_ROLE_CHECK = {"SAGEMAKER_VALIDATE_ROLE": "false"}
_TALKATIVE = ("sagemaker", "sagemaker.config")
"""Loggers of the SDK; the second has a level of its own."""
_HIDDEN = ("AWS_", "SAGEMAKER_", "BOTO_")


@contextmanager
def offline(region: str) -> Iterator[None]:
    """Hide the machine's AWS settings while the SDK is imported or builds; one thread at a time.

    `os.environ` and the default session of boto3 belong to the whole process, so nothing else may use them meanwhile.
    """
    environment = {
        **_NO_ROLE_CHECK,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": os.devnull,
        "SAGEMAKER_USER_CONFIG_OVERRIDE": os.devnull,
    }
    default_session = boto3.DEFAULT_SESSION
    with _environment(environment, hide=_HIDDEN), _quiet():
        boto3.DEFAULT_SESSION = None
        try:
            yield
        finally:
            boto3.DEFAULT_SESSION = default_session


@contextmanager
def online() -> Iterator[None]:
    """Keep the machine's AWS settings, but let the SDK check no roles and stay quiet."""
    with _environment(_NO_ROLE_CHECK, hide=()), _quiet():
        yield


@contextmanager
def _environment(values: Mapping[str, str], hide: tuple[str, ...]) -> Iterator[None]:
    before = dict(os.environ)
    for name in before:
        if name.startswith(hide) and hide:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name in [name for name in os.environ if name not in before]:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _quiet() -> Iterator[None]:
    root, stopper = logging.getLogger(), logging.NullHandler()
    levels = {logger: logger.level for logger in map(logging.getLogger, _TALKATIVE)}
    root.addHandler(stopper)
    for logger in levels:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeHandler(stopper)
        for logger, level in levels.items():
            logger.setLevel(level)
