"""Generates synthetic churn customers: any number of rows, streamed, the same for a seed whatever the chunks."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from dataset_schema import SchemaRefused, exit_code, new_parser, quoted, say
from scipy.special import expit, ndtri

ID_COLUMN, EVENT_TIME_COLUMN, TARGET = "customer_id", "event_time", "churned"
CUSTOMER_FEATURES: dict[str, str] = {
    "age": "numeric",
    "tenure_months": "numeric",
    "monthly_charges": "numeric",
    "total_charges": "numeric",
    "data_usage_gb": "numeric",
    "call_minutes": "numeric",
    "support_tickets": "numeric",
    "late_payments": "numeric",
    "days_since_last_login": "numeric",
    "satisfaction_score": "numeric",
    "products": "numeric",
    "discount_percent": "numeric",
    "plan": "categorical",
    "contract_type": "categorical",
    "payment_method": "categorical",
    "internet_service": "categorical",
    "region": "categorical",
    "acquisition_channel": "categorical",
}
FORMATS = ("parquet", "csv")
CHUNK_ROWS = 131_072
SNAPSHOT = np.datetime64("2026-01-31T00:00:00", "s")
"""Every customer's record was last changed in the thirty days before."""
SECONDS_OF_CHANGES = 30 * 24 * 3600
SIGNAL = 0.85
"""How much the features say: at this strength, the true probabilities reach an AUC of about 0.86."""

PLANS = ("basic", "standard", "premium")
CONTRACTS = ("month-to-month", "one-year", "two-year")
PAYMENTS = ("bank-transfer", "credit-card", "electronic-check", "mailed-check")
INTERNET = ("dsl", "fiber", "none")
REGIONS = ("central", "east", "north", "south", "west")
CHANNELS = ("partner", "referral", "retail", "web")

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
# One random stream a quantity: a row's draw depends on the seed, the row and the stream, on nothing else.
STREAMS = (
    *("age", "tenure", "plan", "contract", "payment", "internet", "region", "channel", "charges", "data", "calls"),
    *("tickets", "late", "login", "satisfaction", "products", "discount", "total", "churn", "time"),
    *("no_age", "no_data", "no_calls", "no_login", "no_satisfaction", "no_total", "no_payment", "no_internet"),
)


@dataclass(frozen=True, slots=True)
class Draws:
    """Uniform numbers of some consecutive rows, one column a stream."""

    uniforms: Floats

    @classmethod
    def of_rows(cls, first: int, count: int, seed: int) -> Self:
        """Draw for rows `first` to `first + count - 1`, counted from 1."""
        # Philox is counter-based: one step gives four words, so that any row's words are reached at once.
        generator = np.random.Philox(key=seed)
        generator.advance((first - 1) * len(STREAMS) // 4)
        words = generator.random_raw(count * len(STREAMS)).reshape(count, len(STREAMS))
        return cls(((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)

    def uniform(self, stream: str) -> Floats:
        """Numbers between 0 and 1, both excluded."""
        return self.uniforms[:, STREAMS.index(stream)]

    def normal(self, stream: str) -> Floats:
        """Standard normal numbers."""
        numbers: Floats = ndtri(self.uniform(stream))
        return numbers

    def count(self, stream: str, mean: Floats) -> Floats:
        """Counts of a geometric distribution with each row's mean."""
        counts: Floats = np.floor(np.log(self.uniform(stream)) / np.log(mean / (1 + mean)))
        return counts

    def choice(self, stream: str, shares: Sequence[float] | Floats) -> Codes:
        """Choose among options by shares: one set for all rows, or one row of shares a row."""
        bounds = np.atleast_2d(np.cumsum(shares, axis=-1))[:, :-1]
        return np.asarray((self.uniform(stream)[:, None] > bounds).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Customers:
    """Complete customers, before values go missing, and how likely each is to leave."""

    values: dict[str, Any]
    """Column name to float64 values, or to codes of a categorical feature."""
    probability: Floats


CATEGORIES = {
    "plan": PLANS,
    "contract_type": CONTRACTS,
    "payment_method": PAYMENTS,
    "internet_service": INTERNET,
    "region": REGIONS,
    "acquisition_channel": CHANNELS,
}


def draw_customers(draws: Draws) -> Customers:
    """Make customers whose features hang together, and the true probability that each leaves."""
    contract = _contract(draws)
    usage = _usage(draws, contract["plan"], contract["internet_service"])
    charges = _charges(draws, contract, usage["data_usage_gb"])
    service = _service(draws, contract, charges["monthly_charges"])
    values = contract | usage | charges | service
    return Customers(values=values, probability=expit(_churn_logit(values)))


def customers(first: int, count: int, seed: int) -> pa.Table:
    """Return customers `first` to `first + count - 1`, counted from 1: id, event time, features, label."""
    draws = Draws.of_rows(first, count, seed)
    drawn = draw_customers(draws)
    missing = _missing(draws, drawn.values)
    columns: dict[str, pa.Array] = {ID_COLUMN: _ids(first, count), EVENT_TIME_COLUMN: _event_times(draws)}
    for name, kind in CUSTOMER_FEATURES.items():
        column = drawn.values[name]
        mask = missing.get(name)
        columns[name] = _category(name, column, mask) if kind == "categorical" else _number(name, column, mask)
    columns[TARGET] = pa.array((draws.uniform("churn") < drawn.probability).astype(np.int64))
    return pa.table(columns)


def write_customers(output: Path, rows: int, seed: int, file_format: str, rows_per_file: int | None) -> list[Path]:
    """Write customers 1 to `rows`, some at a time.

    `output` is a file, or with `rows_per_file` a folder for `customers-00000.<format>` and so on.
    """
    written = []
    for number, first in enumerate(range(1, rows + 1, rows_per_file or rows)):
        path = output if rows_per_file is None else output / f"customers-{number:05d}.{file_format}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_file(path, file_format, _chunks(first, min(rows_per_file or rows, rows + 1 - first), seed))
        written.append(path)
    return written


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    arguments = _parser().parse_args(argv)

    def work() -> None:
        if arguments.rows < 1 or (arguments.rows_per_file is not None and arguments.rows_per_file < 1):
            raise SchemaRefused("--rows and --rows-per-file are refused: they must be at least 1.")
        if not 0 <= arguments.seed < 2**64:
            raise SchemaRefused(f"--seed {arguments.seed} is refused: it must be 0 or more and below 2**64.")
        output = Path(arguments.output)
        rows_per_file = arguments.rows_per_file
        file_format = _format(output, arguments.format)
        if rows_per_file is None and (output.suffix not in {".parquet", ".csv"} or output.is_dir()):
            rows_per_file = arguments.rows
        paths = write_customers(output, arguments.rows, arguments.seed, file_format, rows_per_file)
        say(f"Wrote {arguments.rows} customers of seed {arguments.seed} to {quoted(paths)}.")

    return exit_code(work)


def _format(output: Path, given: str | None) -> str:
    """Return what is asked for, or what the file's name ends in; a file must be what its name says."""
    ending = output.suffix.removeprefix(".")
    named = ending if ending in FORMATS and not output.is_dir() else None
    if named is not None and given is not None and named != given:
        raise SchemaRefused(
            f"--output {str(output)!r} with --format {given} is refused: name a file that ends in .{given}, or leave "
            "--format out."
        )
    return given or named or FORMATS[0]


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--rows", type=int, default=5000, help="how many customers")
    parser.add_argument("--seed", type=int, default=42, help="the same seed gives the same rows")
    parser.add_argument("--output", required=True, help="a file (.parquet, .csv) or a folder")
    parser.add_argument(
        "--format", choices=FORMATS, help="of the files; left out: by the ending of the file, else parquet"
    )
    parser.add_argument("--rows-per-file", type=int, help="split into files of this many rows, in the output folder")
    return parser


def _contract(draws: Draws) -> dict[str, Any]:
    tenure = np.clip(np.floor(-28.0 * np.log(draws.uniform("tenure"))), 0, 120)
    plan = draws.choice("plan", (0.40, 0.38, 0.22))
    # Who has stayed long is likelier to be bound for a year or two.
    long = np.minimum(tenure / 72, 1.0)
    contract_shares = np.stack([0.70 - 0.45 * long, 0.18 + 0.12 * long, 0.12 + 0.33 * long], axis=1)
    age = np.clip(np.round(44 + 15 * draws.normal("age") + 0.06 * (tenure - 28)), 18, 95)
    payment_shares = np.where(age[:, None] > 60, (0.26, 0.20, 0.26, 0.28), (0.22, 0.32, 0.34, 0.12))
    internet_shares = np.array([(0.48, 0.30, 0.22), (0.38, 0.50, 0.12), (0.22, 0.74, 0.04)])[plan]
    return {
        "age": age,
        "tenure_months": tenure,
        "plan": plan,
        "contract_type": draws.choice("contract", contract_shares),
        "payment_method": draws.choice("payment", payment_shares),
        "internet_service": draws.choice("internet", internet_shares),
        "region": draws.choice("region", (0.18, 0.24, 0.17, 0.22, 0.19)),
        "acquisition_channel": draws.choice("channel", (0.17, 0.21, 0.25, 0.37)),
        "products": 1 + np.minimum(draws.count("products", 0.7 + 0.5 * plan), 5),
    }


def _usage(draws: Draws, plan: Codes, internet: Codes) -> dict[str, Any]:
    level = np.array([2.6, 3.6, 0.2])[internet] + 0.25 * plan
    return {
        "data_usage_gb": np.round(np.exp(level + 0.7 * draws.normal("data")), 2),
        "call_minutes": np.round(np.exp(5.0 + 0.15 * plan + 0.6 * draws.normal("calls")), 1),
    }


def _charges(draws: Draws, contract: dict[str, Any], data_usage: Floats) -> dict[str, Any]:
    listed = np.array([24.0, 42.0, 68.0])[contract["plan"]] + np.array([8.0, 20.0, 0.0])[contract["internet_service"]]
    discount = np.where(
        draws.uniform("discount") < 0.35,
        5.0 * (1 + np.minimum(np.floor(draws.uniform("discount") / 0.35 * 5), 4)),
        0.0,
    )
    use = 4.5 * contract["products"] + 0.05 * data_usage
    monthly = np.round(np.maximum((listed + use + 6 * draws.normal("charges")) * (1 - discount / 100), 9.0), 2)
    total = np.round(monthly * contract["tenure_months"] * np.exp(0.06 * draws.normal("total")), 2)
    return {"monthly_charges": monthly, "total_charges": total, "discount_percent": discount}


def _service(draws: Draws, contract: dict[str, Any], monthly: Floats) -> dict[str, Any]:
    fiber = contract["internet_service"] == INTERNET.index("fiber")
    by_check = contract["payment_method"] == PAYMENTS.index("electronic-check")
    tickets = np.minimum(draws.count("tickets", 0.8 + 0.7 * fiber), 20)
    satisfaction = 7.4 - 0.55 * tickets - 0.012 * (monthly - 60) + 1.5 * draws.normal("satisfaction")
    return {
        "support_tickets": tickets,
        "late_payments": np.minimum(draws.count("late", 0.4 + 0.7 * by_check), 12),
        "days_since_last_login": np.minimum(np.floor(-14.0 * np.log(draws.uniform("login"))), 180),
        "satisfaction_score": np.clip(np.round(satisfaction), 1, 10),
    }


def _churn_logit(of: dict[str, Any]) -> Floats:
    """Return the log odds of leaving: steep where trees can find it, and two interactions."""
    monthly_contract = of["contract_type"] == CONTRACTS.index("month-to-month")
    fiber = of["internet_service"] == INTERNET.index("fiber")
    by_check = of["payment_method"] == PAYMENTS.index("electronic-check")
    logit: Floats = -1.80 + SIGNAL * (
        np.array([1.05, -0.45, -1.60])[of["contract_type"]]
        - 0.95 * np.tanh((of["tenure_months"] - 18) / 16)
        - 0.42 * (of["satisfaction_score"] - 6.5)
        + 0.22 * np.minimum(of["support_tickets"], 6)
        + 0.35 * np.minimum(of["late_payments"], 4)
        + 0.75 * np.tanh((of["days_since_last_login"] - 20) / 12)
        + 0.016 * (of["monthly_charges"] - 60)
        + 0.55 * by_check
        - 0.20 * of["products"]
        - 0.020 * of["discount_percent"]
        - 0.010 * (of["age"] - 44)
        + np.array([0.10, -0.35, 0.0, 0.15])[of["acquisition_channel"]]
        + 0.80 * (fiber & monthly_contract)
        + 0.60 * ((of["support_tickets"] >= 3) & (of["tenure_months"] < 12))
    )
    return logit


def _missing(draws: Draws, values: dict[str, Any]) -> dict[str, npt.NDArray[np.bool_]]:
    """Say which values are missing: some at random, some for a reason (new customers, the unhappy, no internet)."""
    return {
        "age": draws.uniform("no_age") < 0.04,
        "data_usage_gb": (values["internet_service"] == INTERNET.index("none")) | (draws.uniform("no_data") < 0.01),
        "call_minutes": draws.uniform("no_calls") < 0.03,
        "days_since_last_login": draws.uniform("no_login") < 0.03,
        "satisfaction_score": draws.uniform("no_satisfaction") < 0.06 + 0.006 * (10 - values["satisfaction_score"]),
        "total_charges": (values["tenure_months"] == 0) | (draws.uniform("no_total") < 0.005),
        "payment_method": draws.uniform("no_payment") < 0.02,
        "internet_service": draws.uniform("no_internet") < 0.01,
    }


def _ids(first: int, count: int) -> pa.Array:
    numbers = pc.utf8_lpad(pa.array(np.arange(first, first + count)).cast(pa.string()), 6, "0")
    return pc.binary_join_element_wise("CUST", numbers, "_")


def _event_times(draws: Draws) -> pa.Array:
    ago = (draws.uniform("time") * SECONDS_OF_CHANGES).astype("timedelta64[s]")
    return pc.binary_join_element_wise(pa.array(np.datetime_as_string(SNAPSHOT - ago)), "Z", "")


def _category(name: str, codes: Codes, mask: npt.NDArray[np.bool_] | None) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), list(CATEGORIES[name])).cast(pa.string())


def _number(name: str, values: Floats, mask: npt.NDArray[np.bool_] | None) -> pa.Array:
    kind = pa.float64() if name in {"monthly_charges", "total_charges", "data_usage_gb", "call_minutes"} else pa.int64()
    return pa.array(values, mask=mask).cast(kind)


def _chunks(first: int, count: int, seed: int) -> Iterator[pa.Table]:
    for start in range(first, first + count, CHUNK_ROWS):
        yield customers(start, min(CHUNK_ROWS, first + count - start), seed)


def _write_file(path: Path, file_format: str, tables: Iterator[pa.Table]) -> None:
    table = next(tables)
    # No generated text holds a comma or a quote.
    plain = pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
    name = str(path)
    with (
        pq.ParquetWriter(name, table.schema)
        if file_format == "parquet"
        else pa.csv.CSVWriter(name, table.schema, write_options=plain)
    ) as writer:
        writer.write_table(table)
        for following in tables:
            writer.write_table(following)


if __name__ == "__main__":
    sys.exit(main())
