from __future__ import annotations

import json

from cli.executions.dag import predecessors, triggers


def test_predecessors_of_a_gated_definition_follow_data_branches_and_depends_on() -> None:
    definition = json.dumps(
        {
            "Steps": [
                {"Name": "Read", "Type": "Processing", "Arguments": {}},
                {
                    "Name": "Gate",
                    "Type": "Condition",
                    "Arguments": {
                        "Conditions": [
                            {"LeftValue": {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Read.PropertyFiles.F"}}}}
                        ],
                        "IfSteps": [
                            {"Name": "Register", "Type": "RegisterModel", "Arguments": {"X": {"Get": "Steps.Read.Arn"}}}
                        ],
                        "ElseSteps": [],
                    },
                },
                {
                    "Name": "After",
                    "Type": "Lambda",
                    "Arguments": {"o": {"Get": "Steps.Gate.Outcome"}},
                    "DependsOn": ["Read"],
                },
            ]
        }
    )

    edges = predecessors(definition)

    assert edges == {"Read": [], "Gate": ["Read"], "Register": ["Gate", "Read"], "After": ["Read", "Gate"]}


def test_steps_that_wait_for_another_outcome_are_found_with_it_in_branches_too() -> None:
    on_failure = {"Step": "Read", "Trigger": "Failed"}
    inside = {"Name": "Mail", "Type": "Lambda", "DependsOn": [on_failure]}
    gate = {"Conditions": [], "IfSteps": [inside], "ElseSteps": []}
    definition = json.dumps(
        {
            "Steps": [
                {"Name": "Read", "Type": "Processing", "Arguments": {}, "DependsOn": None},
                {"Name": "Gate", "Type": "Condition", "Arguments": gate},
                {"Name": "After", "Type": "Lambda", "DependsOn": ["Gate"]},
            ]
        }
    )

    assert triggers(definition) == {"Mail": {"Read": "Failed"}}
    assert predecessors(definition)["Mail"] == ["Gate", "Read"]
