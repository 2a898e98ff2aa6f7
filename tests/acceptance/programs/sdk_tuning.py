"""A person's tuning with stock SDK classes: at once, and as a step whose best model a later step reads."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import boto3
from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.resources import HyperParameterTuningJob
from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input
from sagemaker.core.training.configs import Compute, OutputDataConfig, SourceCode, StoppingCondition
from sagemaker.mlops.workflow import Pipeline, ProcessingStep, TuningStep
from sagemaker.train.model_trainer import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

from tests.acceptance.programs import sdk_session as own
from tests.acceptance.programs.report import print_report

_MODELS = "models"
_BEST = "/opt/ml/processing/input/best"
_READ = f"import os; open('/opt/ml/output/message', 'w').write(' '.join(os.listdir('{_BEST}')))"


def _tuner(session: Any, **more: Any) -> Any:
    trainer = ModelTrainer(
        training_image=own.IMAGE,
        role=own.ROLE,
        sagemaker_session=session,
        base_job_name="tuned",
        source_code=SourceCode(source_dir=str(own.JOBS / "tuner"), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=5),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=300),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{own.BUCKET}/{_MODELS}"),
        hyperparameters={"eta": 0.3, "booster": "gbtree"},
    )
    return HyperparameterTuner(
        model_trainer=trainer, objective_metric_name="validation:auc", objective_type="Maximize", **more
    )


def at_once() -> dict[str, Any]:
    """Tune without a pipeline, wait, and ask for the best."""
    own.make_bucket()
    own.make_role()
    tuner = _tuner(
        own.direct_session(),
        hyperparameter_ranges={"eta": ContinuousParameter(0.05, 0.95, scaling_type="Linear")},
        max_jobs=4,
        max_parallel_jobs=2,
        strategy="Bayesian",
        random_seed=3,
    )
    tuner.tune(wait=False)
    tuner.latest_tuning_job.wait(poll=1, timeout=120)
    job = HyperParameterTuningJob.get(tuner.latest_tuning_job.hyper_parameter_tuning_job_name)
    summaries = list(job.get_all_training_jobs())
    best = tuner.best_training_job()
    return {
        "status": job.hyper_parameter_tuning_job_status,
        "best": best,
        "eta": _model(f"{_MODELS}/{best}/output/model.tar.gz")["eta"],
        "values": {
            item.training_job_name: item.final_hyper_parameter_tuning_job_objective_metric.value for item in summaries
        },
        "etas": {item.training_job_name: item.tuned_hyper_parameters["eta"] for item in summaries},
    }


def as_step() -> dict[str, Any]:
    """Tune in a pipeline; a later step gets the best archive by its rank."""
    session = own.pipeline_session()
    tuner = _tuner(
        session,
        hyperparameter_ranges={
            "eta": CategoricalParameter(["0.1", "0.4", "0.9"]),
            "booster": CategoricalParameter(["dart"]),
        },
        max_jobs=3,
        max_parallel_jobs=3,
        strategy="Grid",
    )
    tune = TuningStep(name="Tune", step_args=tuner.tune())
    archive = tune.get_top_model_s3_uri(top_k=0, s3_bucket=own.BUCKET, prefix=_MODELS)
    processor = ScriptProcessor(
        image_uri=own.IMAGE,
        command=["python3", "-c", _READ],
        role=own.ROLE,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
    )
    best = ProcessingInput(
        input_name="best",
        s3_input=ProcessingS3Input(
            s3_uri=archive,
            local_path=_BEST,
            s3_data_type="S3Prefix",
            s3_input_mode="File",
        ),
    )
    reader = ProcessingStep(
        name="Read",
        step_args=processor.run(
            code=str(own.JOBS / "count.py"), inputs=[best], arguments=[tune.properties.BestTrainingJob.TrainingJobName]
        ),
    )
    pipeline = Pipeline(name="sdk-tuning", steps=[tune, reader], sagemaker_session=session)
    pipeline.upsert(role_arn=own.ROLE)
    execution = pipeline.start()
    execution.wait(delay=1, max_attempts=120)
    steps = {step["StepName"]: step for step in execution.list_steps()}
    job = boto3.client("sagemaker").describe_processing_job(
        ProcessingJobName=_name(steps["Read"]["Metadata"]["ProcessingJob"]["Arn"])
    )
    uri = next(item["S3Input"]["S3Uri"] for item in job["ProcessingInputs"] if item["InputName"] == "best")
    return {
        "status": execution.describe()["PipelineExecutionStatus"],
        "tuning_job": steps["Tune"]["Metadata"]["TuningJob"]["Arn"],
        "archive": uri,
        "best": job["AppSpecification"]["ContainerArguments"],
        "model": _model(uri.split("/", 3)[3]),
        "found": job["ExitMessage"],
    }


def _name(arn: str) -> str:
    """The ARN has the name in small letters."""
    pages = boto3.client("sagemaker").get_paginator("list_processing_jobs").paginate()
    jobs = [job for page in pages for job in page["ProcessingJobSummaries"]]
    return next(str(job["ProcessingJobName"]) for job in jobs if job["ProcessingJobArn"] == arn)


def _model(key: str) -> Any:
    body = boto3.client("s3").get_object(Bucket=own.BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        found = archive.extractfile("model.json")
        return json.loads(found.read()) if found else None


if __name__ == "__main__":
    print_report({"at_once": at_once, "as_step": as_step})
