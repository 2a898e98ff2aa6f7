"""The steps of a built definition, and where they do not fit the scripts and functions that they call."""

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.built import BuiltPipeline
from pipelines.references import StepNode, step_nodes

SCRIPTS = Path(__file__).parents[3] / "scripts"
FOR_PEOPLE = {"PipelineExecutionArn", "PipelineExecutionId"}
"""In the event of a function, so that its log says which execution it was."""

Nodes = dict[str, StepNode]


def all_steps(built: BuiltPipeline) -> Nodes:
    return {node.name: node for node in step_nodes(json.loads(built.definition())["Steps"])}


def working_steps(built: BuiltPipeline) -> Nodes:
    """All steps but those that tell of a failure."""
    return {name: node for name, node in all_steps(built).items() if not name.startswith("NotifyFailure-")}


def arguments_of(node: StepNode) -> list[Any]:
    arguments: list[Any] = node.body["Arguments"]["AppSpecification"]["ContainerArguments"]
    return arguments


def option(node: StepNode, name: str) -> Any:
    """What a script is given for one of its options."""
    arguments = arguments_of(node)
    return arguments[arguments.index(name) + 1]


@cache
def help_of(script: str) -> str:
    command = [sys.executable, str(SCRIPTS / script), "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"COLUMNS": "200"}).stdout


def unknown_options(node: StepNode) -> set[str]:
    """Options that a processing step gives to a script which has no such option."""
    entrypoint = node.body["Arguments"]["AppSpecification"]["ContainerEntrypoint"][-1]
    help_text = help_of(Path(entrypoint).name)
    options = {str(item).rstrip("=") for item in arguments_of(node) if str(item).startswith("--")}
    return {name for name in options if f"{name} " not in help_text}


def unmounted_folders(node: StepNode) -> list[str]:
    """Folders among the arguments of a processing step that are below none of its inputs and outputs."""
    arguments = node.body["Arguments"]
    mounted = [item["S3Input"]["LocalPath"] for item in arguments["ProcessingInputs"]]
    mounted += [
        item["S3Output"]["LocalPath"] for item in arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])
    ]
    paths = [item for item in arguments_of(node) if str(item).startswith("/opt/ml/")]
    return [path for path in paths if not any(path == at or path.startswith(f"{at}/") for at in mounted)]


def unread_inputs(node: StepNode, built: BuiltPipeline) -> set[str]:
    """Members of a function's event that its source never names."""
    name = node.body["FunctionArn"].rpartition(":")[2]
    (function,) = [function for function in built.functions if function.name == name]
    module = function.handler.partition(".")[0]
    source = (SCRIPTS / "lambdas" / f"{module}.py").read_text(encoding="utf-8")
    texts = {part.value for part in ast.walk(ast.parse(source)) if isinstance(part, ast.Constant)}
    return set(node.body["Arguments"]) - texts - FOR_PEOPLE
