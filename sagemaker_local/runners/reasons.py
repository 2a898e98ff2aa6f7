"""The words in which a job's end becomes its FailureReason."""

from __future__ import annotations

from pathlib import Path

from sagemaker_local.runners.process import EndCause, ProcessEnd

MAX_CHARACTERS = 1024
"""Length limit of FailureReason and of ExitMessage (API shapes of both)."""


def algorithm_error(text: str, exit_code: int) -> str:
    """`AlgorithmError: <text>, exit code: 1`, with the text cut so that the whole is not too long."""
    head, tail = "AlgorithmError: ", f", exit code: {exit_code}"
    return f"{head}{text[: MAX_CHARACTERS - len(head) - len(tail)]}{tail}"


def limit_exceeded(seconds: float) -> str:
    """The reason of a job that was ended at its time limit."""
    return (
        f"ClientError: the job ran longer than its MaxRuntimeInSeconds of {seconds:g} and was ended with all its "
        "processes. Raise StoppingCondition.MaxRuntimeInSeconds, or see in the job's log what it waited for."
    )


def of_process(end: ProcessEnd, command: str, text: str = "") -> str:
    """The reason of a job whose process did not succeed; `text` is what the job itself said about it."""
    if end.start_error is not None:
        text = f"cannot start {command!r}: {end.start_error}"
    elif not text and end.exit_code == 137 and end.cause is EndCause.EXITED:
        text = "the process was killed (SIGKILL); on a full machine the kernel does that to free memory"
    return algorithm_error(text, end.exit_code)


def read_text(path: Path) -> str:
    """The first kilobyte of a file that a job leaves for people, "" when there is none.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        head = file.read(MAX_CHARACTERS)
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        # The limit may cut the last character; what is wrong before that is the job's fault.
        if len(head) == MAX_CHARACTERS and error.reason == "unexpected end of data":
            return head[: error.start].decode()
        raise
