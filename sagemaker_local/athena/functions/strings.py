"""Functions on texts, regular expressions and JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sagemaker_local.athena.compiler import text
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.functions.signature import Overload, overload
from sagemaker_local.athena.scope import Typed


def _regexp_replace(arguments: Sequence[Typed]) -> str:
    replacement = arguments[2].literal if len(arguments) > 2 else ""
    if replacement is None:
        raise QueryError(
            "NOT_SUPPORTED", "regexp_replace with a replacement that is not a constant is not supported here."
        )
    # Athena writes groups as $1 and takes what follows a backslash as it is; DuckDB writes them as \1.
    parts = re.findall(r"\\(.)|\$(\d+)|([^\\$]+)|(\$)", replacement, re.DOTALL)
    rewritten = "".join(
        f"\\{group}" if group else (escaped or plain or dollar).replace("\\", "\\\\")
        for escaped, group, plain, dollar in parts
    )
    return f"regexp_replace({arguments[0].sql}, {arguments[1].sql}, {text(rewritten)}, 'g')"


def _json_path(arguments: Sequence[Typed]) -> str:
    path = arguments[1].literal
    if path is None or not re.fullmatch(r"\$(\.\w+|\.\"[^\"]+\"|\[\d+\]|\[\"[^\"]+\"\])*", path):
        raise QueryError(
            "INVALID_FUNCTION_ARGUMENT", f"Invalid JSON path: '{path}'; it is a constant like $.a.b[0] here."
        )
    return text(re.sub(r"\[(\"[^\"]+\")\]", r".\1", path))


def _json_extract_scalar(arguments: Sequence[Typed]) -> str:
    return f"trino_json_scalar({arguments[0].sql}, {_json_path(arguments)})"


def _json_extract(arguments: Sequence[Typed]) -> str:
    return f"trino_json_part({arguments[0].sql}, {_json_path(arguments)})"


STRINGS: list[Overload] = [
    overload("length(varchar) -> bigint", "length({0})"),
    overload("lower(varchar) -> varchar", "lower({0})"),
    overload("upper(varchar) -> varchar", "upper({0})"),
    overload("trim(varchar) -> varchar", "trim({0}, e' \\t\\n\\r\\f\\v')"),
    overload("ltrim(varchar) -> varchar", "ltrim({0}, e' \\t\\n\\r\\f\\v')"),
    overload("rtrim(varchar) -> varchar", "rtrim({0}, e' \\t\\n\\r\\f\\v')"),
    overload("ltrim(varchar, varchar) -> varchar", "ltrim({0}, {1})"),
    overload("rtrim(varchar, varchar) -> varchar", "rtrim({0}, {1})"),
    overload("substr(varchar, bigint) -> varchar", "trino_substring({0}, {1})"),
    overload("substr(varchar, bigint, bigint) -> varchar", "trino_substring({0}, {1}, {2})"),
    overload("substring(varchar, bigint) -> varchar", "trino_substring({0}, {1})"),
    overload("substring(varchar, bigint, bigint) -> varchar", "trino_substring({0}, {1}, {2})"),
    overload("replace(varchar, varchar) -> varchar", "replace({0}, {1}, '')"),
    overload("replace(varchar, varchar, varchar) -> varchar", "replace({0}, {1}, {2})"),
    overload("reverse(varchar) -> varchar", "reverse({0})"),
    overload("strpos(varchar, varchar) -> bigint", "strpos({0}, {1})"),
    overload("starts_with(varchar, varchar) -> boolean", "starts_with({0}, {1})"),
    overload("concat(varchar, varchar...) -> varchar", lambda items: f"({' || '.join(item.sql for item in items)})"),
    overload("concat_ws(varchar, varchar...) -> varchar", "concat_ws({args})"),
    overload("split(varchar, varchar) -> array(varchar)", "string_split({0}, {1})"),
    overload("split_part(varchar, varchar, bigint) -> varchar", "trino_split_part({0}, {1}, {2})"),
    overload("lpad(varchar, bigint, varchar) -> varchar", "lpad({0}, {1}::INTEGER, {2})"),
    overload("rpad(varchar, bigint, varchar) -> varchar", "rpad({0}, {1}::INTEGER, {2})"),
    overload("chr(bigint) -> varchar", "chr({0}::INTEGER)"),
    overload("codepoint(varchar) -> integer", "unicode({0})"),
    overload("translate(varchar, varchar, varchar) -> varchar", "translate({0}, {1}, {2})"),
    overload("levenshtein_distance(varchar, varchar) -> bigint", "levenshtein({0}, {1})"),
    overload("hamming_distance(varchar, varchar) -> bigint", "hamming({0}, {1})"),
    overload("normalize(varchar) -> varchar", "nfc_normalize({0})"),
    overload("to_utf8(varchar) -> varbinary", "encode({0})"),
    overload("from_utf8(varbinary) -> varchar", "decode({0})"),
    overload("to_hex(varbinary) -> varchar", "hex({0})"),
    overload("from_hex(varchar) -> varbinary", "unhex({0})"),
    overload("md5(varbinary) -> varbinary", "unhex(md5({0}))"),
    overload("sha256(varbinary) -> varbinary", "unhex(sha256({0}))"),
    overload("regexp_like(varchar, varchar) -> boolean", "regexp_matches({0}, {1})"),
    overload("regexp_extract(varchar, varchar) -> varchar", "trino_regexp_extract({0}, {1}, 0)"),
    overload(
        "regexp_extract(varchar, varchar, bigint) -> varchar",
        lambda items: f"trino_regexp_extract({items[0].sql}, {items[1].sql}, {items[2].literal or items[2].sql})",
    ),
    overload("regexp_extract_all(varchar, varchar) -> array(varchar)", "regexp_extract_all({0}, {1})"),
    overload("regexp_replace(varchar, varchar) -> varchar", _regexp_replace),
    overload("regexp_replace(varchar, varchar, varchar) -> varchar", _regexp_replace),
    overload("regexp_split(varchar, varchar) -> array(varchar)", "string_split_regex({0}, {1})"),
    overload("regexp_count(varchar, varchar) -> bigint", "len(regexp_extract_all({0}, {1}))"),
    overload("json_extract_scalar(varchar, varchar) -> varchar", _json_extract_scalar),
    overload("json_extract_scalar(json, varchar) -> varchar", _json_extract_scalar),
    overload("json_extract(varchar, varchar) -> json", _json_extract),
    overload("json_extract(json, varchar) -> json", _json_extract),
    overload("json_array_get(json, bigint) -> json", "trino_json_part({0}, '$[' || ({1})::VARCHAR || ']')"),
    overload("json_array_get(varchar, bigint) -> json", "trino_json_part({0}, '$[' || ({1})::VARCHAR || ']')"),
    overload("is_json_scalar(varchar) -> boolean", "(json_type({0}) NOT IN ('OBJECT', 'ARRAY'))"),
    overload("is_json_scalar(json) -> boolean", "(json_type({0}) NOT IN ('OBJECT', 'ARRAY'))"),
    overload("json_parse(varchar) -> json", "json({0})"),
    overload("json_format(json) -> varchar", "CAST({0} AS VARCHAR)"),
    overload("json_array_length(varchar) -> bigint", "trino_json_length({0})"),
    overload("json_array_length(json) -> bigint", "trino_json_length({0})"),
]
