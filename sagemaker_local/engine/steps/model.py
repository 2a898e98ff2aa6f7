"""Model and RegisterModel steps."""

from __future__ import annotations

from sagemaker_local.engine.descriptions import as_properties, describe_model, describe_model_package
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.steps.outcome import Action, Attempt, StepOutcome
from sagemaker_local.engine.steps.tags import split_tags
from sagemaker_local.records.execution import StepStatus
from sagemaker_local.store.tags import TagStore


def model_action(registry: Registry, tags: TagStore) -> Action:
    """Make the action of Model steps: CreateModel."""

    def act(attempt: Attempt) -> StepOutcome:
        request, model_tags = split_tags(attempt.arguments)
        model = registry.create_model(request)
        tags.add(model.arn, model_tags)
        return StepOutcome(StepStatus.SUCCEEDED, {"Model": {"Arn": model.arn}}, as_properties(describe_model(model)))

    return act


def register_model_action(registry: Registry) -> Action:
    """Make the action of RegisterModel steps: CreateModelPackage, in a group that is made when missing."""

    def act(attempt: Attempt) -> StepOutcome:
        group = attempt.arguments.get("ModelPackageGroupName")
        if group and not group.startswith("arn:"):
            registry.ensure_model_package_group(group)
        # The endpoint may have been killed between the registration and the end of its step: no second version then.
        package = registry.registered_by(attempt.execution_arn, attempt.arguments) if group else None
        if package is None:
            package = registry.create_model_package(attempt.arguments, generated_by=attempt.execution_arn)
        return StepOutcome(
            StepStatus.SUCCEEDED,
            {"RegisterModel": {"Arn": package.arn}},
            as_properties(describe_model_package(package)),
        )

    return act
