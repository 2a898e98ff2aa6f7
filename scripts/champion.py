"""The latest approved version, scored on the challenger's own test split.

Its bundle: champion.py, gate_verdict.py, packed_model.py, signature.py, dataset_schema.py.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from dataset_schema import DataRefused, ModelRefused, ScriptError, quoted
from gate_verdict import Champion
from packed_model import ARCHIVE, Floats, PackedModel
from signature import Signature

_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchBucket"})

Measure = Callable[[Signature, Floats, Floats], Mapping[str, Any]]
"""Turns labels and predictions into the metrics of evaluation.json."""


def score_champion(s3: Any, arn: str, model_uri: str, signature: Signature, test: Path, measure: Measure) -> Champion:
    """Download a version's archive into a temporary folder and measure it on a test split.

    A champion that cannot be compared (its archive is gone or broken, it reads other columns, it predicts something
    else) is returned with the reason: such a one must not keep every later model out.

    Args:
        s3: a client of boto3.
        arn: of the version, for the report.
        model_uri: of its model.tar.gz.
        signature: the challenger's, which fits the split.
        test: folder of the split.
        measure: what the challenger is measured with.

    Raises:
        ModelRefused: S3 did not give the archive, for another reason than that it is not there.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="champion-") as folder:
            model = PackedModel.load(_download(s3, model_uri, Path(folder) / ARCHIVE))
        _check_comparable(model.signature, signature)
        metrics = measure(model.signature, *model.score(test))
    except _Refused:
        raise
    except ScriptError as error:
        return Champion(arn, {}, error=str(error))
    return Champion(arn, metrics)


class _Refused(ModelRefused):
    """Not the champion's fault: the comparison can be made once this is mended."""


def _download(s3: Any, uri: str, path: Path) -> Path:
    place = urlsplit(uri)
    if place.scheme != "s3" or not place.netloc or not place.path.strip("/"):
        raise _Refused(f"The champion's address {uri!r} is refused: write s3://bucket/key of its {ARCHIVE}.")
    try:
        s3.download_file(place.netloc, place.path.lstrip("/"), str(path))
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _ABSENT:
            raise ModelRefused(f"its archive {uri} is not in S3") from error
        raise _Refused(f"The champion's archive {uri} cannot be downloaded: {error}") from error
    except (BotoCoreError, OSError) as error:
        raise _Refused(f"The champion's archive {uri} cannot be downloaded: {error}") from error
    return path


def _check_comparable(champion: Signature, challenger: Signature) -> None:
    """Refuse a champion that answers another question; whether it reads the columns shows when it scores them."""
    for name in ("problem_type", "target", "classes"):
        its, ours = getattr(champion, name), getattr(challenger, name)
        if its != ours:
            raise DataRefused(f"its {name} is {_shown(its)}, this model's is {_shown(ours)}")


def _shown(value: Any) -> str:
    return quoted(value) if isinstance(value, tuple) else repr(None if value is None else str(value))
