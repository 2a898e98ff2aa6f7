"""What a training job leaves behind in S3: its model and its other output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sagemaker_local.ports import ObjectStore
from sagemaker_local.runners import archive, training_request, transfer
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.workspace import Workspace


class Artifacts:
    """Takes /opt/ml/model and /opt/ml/output/data to `<S3OutputPath>/<job>/output`."""

    def __init__(self, objects: ObjectStore, workspace: Workspace, request: Mapping[str, Any], log: JobLog) -> None:
        self._objects = objects
        self._workspace = workspace
        self._target = training_request.output_of(request)
        self._is_compressed = training_request.is_compressed(request)
        self._log = log

    @property
    def has_model(self) -> bool:
        """Whether the job has written anything to /opt/ml/model."""
        return _has_files(self._workspace.ml / "model")

    def upload_model(self) -> str:
        """Store the model, even an empty one, and return its address: `…/model.tar.gz`, uncompressed `…/model/`.

        Raises:
            JobFailed: as transfer.upload_file.
        """
        return self._upload(self._workspace.ml / "model", "model.tar.gz", "model")

    def upload_output(self) -> None:
        """Store the other output, if there is any, as `…/output.tar.gz`, uncompressed below `…/data/`.

        Raises:
            JobFailed: as transfer.upload_file.
        """
        folder = self._workspace.ml / "output/data"
        if _has_files(folder):
            self._upload(folder, "output.tar.gz", "data")

    def _upload(self, folder: Path, archive_name: str, folder_name: str) -> str:
        if not self._is_compressed:
            target = self._target.join(folder_name)
            transfer.upload_folder(self._objects, folder, target, note=self._log.write)
            return f"{target}/"
        packed = self._workspace.path / archive_name
        archive.pack(folder, packed)
        target = self._target.join(archive_name)
        transfer.upload_file(self._objects, packed, target)
        return str(target)


def _has_files(folder: Path) -> bool:
    return any(True for _ in transfer.walk(folder))
