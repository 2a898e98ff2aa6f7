"""An engine in a process of its own, made to be killed: `python -m tests.fakes.doomed_engine <folder>`.

It runs a chain of two jobs; the first completes, the second never ends. It says when that one runs.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome
from tests.fakes.engine import build
from tests.fakes.scripted_runner import COMPLETED, ScriptedRunner
from tests.fakes.step_definitions import definition, input_from, processing, training

CHAIN = definition(processing(), training(DependsOn=["Prepare"]), processing("Last", arguments=input_from("Prepare")))


def main(folder: Path) -> None:
    """Start the chain, print its ARN once its training job runs, and wait to be killed."""
    trains = threading.Event()

    def run(job: Job, control: JobControl) -> JobOutcome:
        if job.kind is JobKind.TRAINING:
            trains.set()
            control.stop_requested.wait()
        return COMPLETED

    engine = build(folder, ScriptedRunner(run))
    execution = engine.start(CHAIN, max_parallel_steps=1)
    trains.wait()
    sys.stdout.write(f"{execution.arn}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
