"""Answers requests with the code in a model archive, as the serving container does; verify_model.py starts it.

Its bundle: serve_rows.py. All other project code in this process is the archive's own.
"""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REQUESTS, FAILURE = "requests.json", "failure.json"
TEXT_TYPES = frozenset({"application/json", "text/csv"})
"""sagemaker-containers hands exactly these to input_fn as text, everything else as bytes."""


@dataclass(slots=True)
class Progress:
    """Which function of the archive runs, for the report of a failure."""

    stage: str = "the import"


def serve(model: Path, exchange: Path, progress: Progress) -> None:
    """Answer every request of the exchange folder.

    Args:
        model: the unpacked archive; SAGEMAKER_SUBMIT_DIRECTORY names the code in it, SAGEMAKER_PROGRAM the script.
        exchange: holds requests.json, a list of {content_type, body: file}; answers go to `<file>.out`.
        progress: kept up to date.
    """
    sys.path.insert(0, os.environ["SAGEMAKER_SUBMIT_DIRECTORY"])
    module = importlib.import_module(os.environ["SAGEMAKER_PROGRAM"].removesuffix(".py"))
    progress.stage = "model_fn"
    loaded = module.model_fn(str(model))
    for request in json.loads((exchange / REQUESTS).read_text(encoding="utf-8")):
        kind, path = request["content_type"], exchange / request["body"]
        body = path.read_bytes()
        progress.stage = f"input_fn for {kind}"
        read = module.input_fn(body.decode(errors="replace") if kind in TEXT_TYPES else body, kind)
        progress.stage = f"predict_fn for {kind}"
        scores = module.predict_fn(read, loaded)
        progress.stage = f"output_fn for {kind}"
        answer = module.output_fn(scores, kind)
        content = answer[0] if isinstance(answer, tuple) else answer
        path.with_name(f"{path.name}.out").write_bytes(content.encode() if isinstance(content, str) else content)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; a failure of the archive's code, whatever it is, is written to the exchange folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0], allow_abbrev=False)
    parser.add_argument("model", type=Path, help="the unpacked archive")
    parser.add_argument("exchange", type=Path, help=f"folder with {REQUESTS}")
    given = parser.parse_args(argv)
    progress = Progress()
    try:
        serve(given.model, given.exchange, progress)
    except Exception as error:  # noqa: BLE001  # the archive's code may raise anything; who started this reports it
        failure = {"stage": progress.stage, "error": f"{type(error).__name__}: {error}"}
        (given.exchange / FAILURE).write_text(json.dumps(failure), encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
