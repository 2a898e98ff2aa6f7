"""Which S3 objects a transform job reads, and the key that each one's output gets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sagemaker_local.errors import JobFailed, NoSuchBucket, NoSuchKey, ValidationException
from sagemaker_local.ports import ObjectInfo, ObjectStore
from sagemaker_local.records.s3_uri import S3Uri


@dataclass(frozen=True, slots=True)
class InputObject:
    """One object to transform; `size` in bytes as it is stored."""

    uri: S3Uri
    size: int
    relative_key: str
    """Its place below the prefix's folder, which its output keeps."""

    def output_key(self, output: S3Uri) -> str:
        """`a/b.csv` below `s3://bucket/out` becomes `out/a/b.csv.out`."""
        return output.join(f"{self.relative_key}.out").key


def find_inputs(objects: ObjectStore, source: S3Uri, *, is_manifest: bool) -> list[InputObject]:
    """List the objects that a job reads, in the order in which S3 or the manifest lists them.

    Raises:
        JobFailed: there is nothing to read; the message names the address.
    """
    try:
        found = _from_manifest(objects, source) if is_manifest else _below(objects, source)
    except (NoSuchBucket, NoSuchKey) as error:
        raise JobFailed(f"ClientError: the input {source} cannot be read: {error}") from error
    if not found:
        raise JobFailed(
            f"ClientError: no S3 objects found under S3Uri {str(source)!r}; "
            "check the address, and that the step before it wrote its output there."
        )
    return found


def _below(objects: ObjectStore, prefix: S3Uri) -> list[InputObject]:
    # Keys that end with a slash are the markers by which consoles show empty folders.
    return [_input(prefix, info) for info in objects.list(prefix.bucket, prefix.key) if not info.key.endswith("/")]


def _input(prefix: S3Uri, info: ObjectInfo) -> InputObject:
    folder = prefix.key.rpartition("/")[0]
    relative = info.key.removeprefix(f"{folder}/") if folder else info.key
    return InputObject(S3Uri(prefix.bucket, info.key), info.size, relative)


def _from_manifest(objects: ObjectStore, manifest: S3Uri) -> list[InputObject]:
    """Read `[{"prefix": "s3://bucket/data/"}, "a.csv", "b.csv"]`."""
    prefix, names = _manifest_entries(objects.read(manifest.bucket, manifest.key), manifest)
    listed = {info.key: info for info in objects.list(prefix.bucket, prefix.key)}
    found: dict[str, InputObject] = {}
    for name in names:
        key = prefix.key + name
        if key not in listed:
            raise JobFailed(f"ClientError: manifest {manifest} names {str(prefix) + name!r}, which does not exist.")
        if key in found:
            raise JobFailed(f"ClientError: manifest {manifest} names {name!r} twice; list every object once.")
        found[key] = _input(prefix, listed[key])
    return list(found.values())


def _manifest_entries(body: bytes, manifest: S3Uri) -> tuple[S3Uri, list[str]]:
    try:
        document: Any = json.loads(body)
        prefix, names = S3Uri.parse(document[0]["prefix"]), document[1:]
    except (ValueError, LookupError, TypeError, AttributeError, ValidationException) as error:
        raise JobFailed(_bad_manifest(manifest)) from error
    if not all(isinstance(name, str) for name in names):
        raise JobFailed(_bad_manifest(manifest))
    return prefix, names


def _bad_manifest(manifest: S3Uri) -> str:
    return (
        f"ClientError: {manifest} is not a manifest; write it as "
        '[{"prefix": "s3://bucket/folder/"}, "relative/key-1", "relative/key-2"].'
    )
