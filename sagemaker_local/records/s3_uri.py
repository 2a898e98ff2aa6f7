"""S3 locations as values."""

from __future__ import annotations

from dataclasses import dataclass

from sagemaker_local.errors import ValidationException

_SCHEME = "s3://"


@dataclass(frozen=True, slots=True, order=True)
class S3Uri:
    """`s3://bucket/key`; the key may be empty, end with a slash, or be the beginning of many keys."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> S3Uri:
        """Read `s3://b/a/c` as bucket `b` and key `a/c`.

        Raises:
            ValidationException: not an S3 address.
        """
        bucket, _, key = text.removeprefix(_SCHEME).partition("/")
        if not text.startswith(_SCHEME) or not bucket:
            raise ValidationException(f"{text!r} is not an S3 address; write it as s3://bucket/key.")
        return cls(bucket, key)

    def join(self, *parts: str) -> S3Uri:
        """Append parts with single slashes between them."""
        tail = "/".join(part.strip("/") for part in parts if part)
        base = self.key.rstrip("/")
        return S3Uri(self.bucket, f"{base}/{tail}" if base else tail)

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"
