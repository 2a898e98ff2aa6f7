"""Whether a model is good enough: its metric against the threshold, and against the champion's.

Its bundle: gate_verdict.py, dataset_schema.py.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dataset_schema import SchemaRefused, quoted

AT_LEAST, AT_MOST = "at_least", "at_most"
COMPARISONS = (AT_LEAST, AT_MOST)
_WORDS = {AT_LEAST: "at least", AT_MOST: "at most"}
_WORSE = {AT_LEAST: "less", AT_MOST: "more"}
MOST_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Rule:
    """What the gate asks for."""

    metric: str
    """Path in evaluation.json."""
    comparison: str
    """Which side of the threshold is good."""
    threshold: float
    tolerance: float | None
    """How much worse than the champion is allowed, in the metric's units; None: the champion decides nothing."""

    def shortfall(self, value: float, champion: float) -> float:
        """Say how much worse a value is than the champion's: 0.0 when it is not.

        As decimal numbers, so that 0.86 falls short of 0.87 by 0.01 and not by 0.010000000000000009.
        """
        less = Decimal(repr(champion)) - Decimal(repr(value))
        return max(0.0, float(less if self.comparison == AT_LEAST else -less))

    def is_reached(self, value: float) -> bool:
        """Say whether a value is on the threshold or on its good side."""
        return value >= self.threshold if self.comparison == AT_LEAST else value <= self.threshold

    def is_allowed(self, shortfall: float) -> bool:
        """Say whether so much worse than the champion is still good enough."""
        return self.tolerance is None or shortfall <= self.tolerance


@dataclass(frozen=True, slots=True)
class Champion:
    """The latest approved version on the same test split: its metrics, or why there are none."""

    arn: str
    metrics: Mapping[str, Any]
    """As in evaluation.json, below the name of the metrics' family."""
    error: str | None = None


def judge(rule: Rule, document: Mapping[str, Any], champion: Champion | None) -> dict[str, Any]:
    """Return the evaluation's member `gate`.

    Args:
        rule: what is asked for.
        document: the challenger's evaluation.
        champion: None when no version is approved yet.

    Raises:
        SchemaRefused: the document has no number at the metric's path.
    """
    value = read_number(document, rule.metric)
    shown = None if champion is None else _shown(rule, champion)
    shortfall = rule.shortfall(value, shown["value"]) if shown is not None and "value" in shown else 0.0
    return {
        "metric": rule.metric,
        "comparison": rule.comparison,
        "threshold": rule.threshold,
        "tolerance": rule.tolerance,
        "value": value,
        "champion": shown,
        "shortfall": shortfall,
        "passed": rule.is_reached(value) and rule.is_allowed(shortfall),
        "reason": _reason(rule, value, shown),
    }


def read_number(document: Mapping[str, Any], path: str) -> float:
    """Return the number at a path such as `binary_classification_metrics.auc.value`."""
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if not _is_number(found):
        lacks = "nothing" if found is None else repr(found) if isinstance(found, str) else "no number"
        present = [name for name in _paths(document) if not name.endswith(".standard_deviation")]
        raise SchemaRefused(
            f"The gate's metric {path!r} is refused: evaluation.json has {lacks} there; the numbers that it has are at "
            f"{quoted(present, limit=len(present))}. Change gate.metric in the configuration."
        )
    return float(found)


def _shown(rule: Rule, champion: Champion) -> dict[str, Any]:
    """Describe the champion: with its figure, or with the reason why there is none."""
    error = champion.error
    try:
        if error is None:
            figure = read_number(champion.metrics, rule.metric)
            return {"model_package_arn": champion.arn, "value": figure, "metrics": dict(champion.metrics)}
    except SchemaRefused:
        error = f"its evaluation has no number at {rule.metric!r}"
    return {"model_package_arn": champion.arn, "error": error}


def _reason(rule: Rule, value: float, champion: Mapping[str, Any] | None) -> str:
    own, other, limit = _figures(rule, value, (champion or {}).get("value", value))
    sentence = f"{_short(rule.metric)} is {own}, the threshold asks for {_WORDS[rule.comparison]} {limit}"
    if champion is None:
        return f"{sentence}; there is no champion yet"
    version = champion["model_package_arn"].rpartition("/")[2]
    name = f"the champion (version {version})"
    if "error" in champion:
        return f"{sentence} and alone decides, because {name} cannot be compared: {champion['error'].rstrip('.')}"
    if rule.tolerance is None:
        return f"{sentence}; {name} has {other} and decides nothing, as no tolerance is set"
    return f"{sentence}; {name} has {other}, and at most {rule.tolerance:.9g} {_WORSE[rule.comparison]} is allowed"


def _figures(rule: Rule, value: float, champion: float) -> tuple[str, str, str]:
    """Write value, champion's value and threshold with so few decimals that they still compare as they are."""
    figures = [value, champion, rule.threshold]
    for decimals in range(3, MOST_DECIMALS + 1):
        texts = [_rounded(figure, decimals) for figure in figures]
        if _outcome(rule, *map(float, texts)) == _outcome(rule, *figures) and float(texts[2]) == rule.threshold:
            return texts[0], texts[1], texts[2]
    return repr(figures[0]), repr(figures[1]), repr(figures[2])


def _outcome(rule: Rule, value: float, champion: float, threshold: float) -> tuple[bool, ...]:
    shortfall = rule.shortfall(value, champion)
    return value > threshold, value < threshold, shortfall > 0, rule.is_allowed(shortfall)


def _rounded(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if value == 0 or abs(value) >= 0.01 else f"{value:.{decimals}g}"


def _short(path: str) -> str:
    """`auc` for `binary_classification_metrics.auc.value`; any other path is its own name."""
    parts = path.split(".")
    return parts[1] if len(parts) == 3 and parts[0].endswith("_metrics") and parts[2] == "value" else path


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _paths(document: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{name}.")
        elif _is_number(value):
            yield f"{above}{name}"
