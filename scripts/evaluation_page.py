"""report.html: one page that says how good a batch was, with nothing to load and nothing that runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation_charts import Figure
from markup import Child, Node, as_html, node

METRIC_NAMES = {
    "roc_auc": "ROC AUC",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1_score": "F1 score",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}
LIGHT = {
    "page": "#f6f7f9",
    "card": "#ffffff",
    "ink": "#1b2430",
    "soft": "#566273",
    "rule": "#dfe4ea",
    "model": "#1f5fbf",
    "reference": "#76808c",
    "second": "#b4530a",
    "right": "#bcd6f7",
    "wrong": "#f9cfa9",
}
DARK = {
    "page": "#12161c",
    "card": "#1a2029",
    "ink": "#e8ecf1",
    "soft": "#a3afbd",
    "rule": "#2f3844",
    "model": "#78aef5",
    "reference": "#8b96a3",
    "second": "#f0a35e",
    "right": "#27497a",
    "wrong": "#7a4820",
}
STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 4px 0 8px; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 0 0 8px; font-weight: 650; }
.kicker { margin: 0; color: var(--soft); font-size: 14px; }
.lede { margin: 0 0 28px; color: var(--soft); max-width: 46em; }
.metrics { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 0 0 20px; }
.metrics div, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
.metrics div { padding: 12px 16px; }
dt { color: var(--soft); font-size: 14px; }
dd { margin: 0; font-size: 26px; font-weight: 600; font-variant-numeric: tabular-nums; }
dd.none { font-size: 16px; line-height: 39px; color: var(--soft); font-weight: 400; }
.card { padding: 16px 20px; margin: 0 0 20px; }
.card p { margin: 0 0 8px; }
code { font: 14px ui-monospace, "DejaVu Sans Mono", monospace; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-top: 1px solid var(--rule); vertical-align: top; }
tr:first-child > * { border-top: 0; }
.facts th { font-weight: 400; color: var(--soft); white-space: nowrap; width: 1%; padding-right: 28px; }
.facts td { overflow-wrap: anywhere; }
.numbers th, .numbers td { text-align: right; font-variant-numeric: tabular-nums; padding: 4px 0 4px 12px; }
.numbers th { font-weight: 600; }
.notes ul { margin: 0; padding-left: 20px; font-size: 15px; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 20px; }
figure { margin: 0; padding: 16px 20px; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
figcaption { color: var(--soft); font-size: 14px; margin-top: 6px; }
figure svg { display: block; width: 100%; height: auto; }
details { margin-top: 8px; font-size: 14px; }
summary { cursor: pointer; color: var(--model); }
svg text { font-family: inherit; fill: var(--ink); }
svg .tick { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .label { font-size: 13px; }
svg .value { font-size: 11px; text-anchor: middle; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .count { font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
svg .share { font-size: 12.5px; font-variant-numeric: tabular-nums; }
svg .middle { text-anchor: middle; }
svg .end { text-anchor: end; }
.grid { stroke: var(--rule); fill: none; }
.axis { stroke: var(--reference); fill: none; }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round; }
.line.model { stroke: var(--model); }
.line.second { stroke: var(--second); }
.line.reference { stroke: var(--reference); stroke-width: 1.5; stroke-dasharray: 5 4; }
.dot.model { fill: var(--model); stroke: var(--card); stroke-width: 1; }
.dot.second { fill: var(--second); stroke: var(--card); stroke-width: 1; }
.dot.faint { fill: var(--model); fill-opacity: 0.7; }
.span { fill: none; stroke: var(--model); stroke-width: 1.5; }
.bar { fill: var(--model); fill-opacity: 0.85; }
.cell.right { fill: var(--right); }
.cell.wrong { fill: var(--wrong); }
.frame { fill: none; stroke: var(--rule); }
@media print { main { padding: 0; } figure, .metrics div, .card { break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """Where scored rows come from."""

    target: str
    model_package_arn: str
    execution_id: str
    day: str


def evaluated(
    facts: Facts,
    counts: Mapping[str, str],
    metrics: Mapping[str, float | None],
    notes: Sequence[str],
    figures: Sequence[Figure],
) -> str:
    """Return the page of a batch that has labels.

    Args:
        facts: where the rows come from.
        counts: of rows, by what is counted, as text.
        metrics: by their names in evaluation.json; None has no value, and a note says why.
        notes: sentences that a reader needs to understand the values.
        figures: in the page's order.
    """
    tiles = [node("div", node("dt", METRIC_NAMES[name]), _value(value)) for name, value in metrics.items()]
    parts: list[Child] = [
        node("dl", *tiles, class_="metrics", aria_label="Metrics"),
        _facts(facts, counts),
        *([_notes(notes)] if notes else []),
        node("div", *map(_figure, figures), class_="figures"),
    ]
    lede = f"Measured on {counts['Labelled rows']} of {counts['Scored rows']} scored rows, those whose label is known."
    return _page(facts, lede, parts)


def not_evaluated(facts: Facts, counts: Mapping[str, str], reason: str) -> str:
    """Return the page of a batch without labels."""
    later = node(
        "p",
        "The rows were scored all the same. When the labels are known, evaluate the published day with them: ",
        node("code", f"python pipeline.py evaluate {facts.day} --labels FILE"),
    )
    sentence = f"{reason[:1].upper()}{reason[1:]}"
    card = node("section", node("h2", "Not evaluated"), node("p", sentence), later, class_="card")
    return _page(
        facts, "No metrics, because there is nothing to hold the predictions against.", [card, _facts(facts, counts)]
    )


def _page(facts: Facts, lede: str, parts: Sequence[Child]) -> str:
    title = f"{facts.target}: the batch of {facts.day}"
    head = node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # A page out of a bucket is opened with whatever rights the reader has there: let it load and run nothing.
        node("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        node("meta", name="color-scheme", content="light dark"),
        node("title", title),
        node("style", f"{_colours()}{STYLE}"),
    )
    header = node(
        "header", node("p", "Batch evaluation", class_="kicker"), node("h1", title), node("p", lede, class_="lede")
    )
    return as_html(node("html", head, node("body", node("main", header, *parts)), lang="en"))


def _colours() -> str:
    light, dark = (" ".join(f"--{name}: {colour};" for name, colour in theme.items()) for theme in (LIGHT, DARK))
    return f"\n:root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def _value(value: float | None) -> Node:
    if value is None:
        return node("dd", "no value", class_="none")
    return node("dd", f"{value:.3f}" if abs(value) < 1000 else f"{value:,.4g}")


def _facts(facts: Facts, counts: Mapping[str, str]) -> Node:
    rows = {
        "Model version": facts.model_package_arn,
        "Execution": facts.execution_id,
        "Day": facts.day,
        **counts,
    }
    lines = [node("tr", node("th", name, scope="row"), node("td", value)) for name, value in rows.items()]
    return node(
        "section", node("table", node("tbody", *lines), class_="facts"), class_="card", aria_label="What was evaluated"
    )


def _notes(notes: Sequence[str]) -> Node:
    items = [node("li", note) for note in notes]
    return node("section", node("h2", "Good to know"), node("ul", *items), class_="card notes")


def _figure(figure: Figure) -> Node:
    children = [node("h2", figure.title), figure.picture, node("figcaption", figure.caption)]
    if figure.rows:
        head = node("thead", node("tr", *(node("th", name, scope="col") for name in figure.head)))
        body = node("tbody", *(node("tr", *(node("td", cell) for cell in row)) for row in figure.rows))
        children.append(node("details", node("summary", "Numbers"), node("table", head, body, class_="numbers")))
    return node("figure", *children)
