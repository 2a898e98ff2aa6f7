"""Functions on encodings, addresses and hashes."""

from __future__ import annotations

from sagemaker_local.athena.functions.signature import Overload, overload

_AUTHORITY = "^[^:/?#]+://(?:[^@/?#]*@)?"


def _part(pattern: str, *, is_optional: bool = True) -> str:
    found = f"regexp_extract({{0}}, '{pattern}', 1)"
    return f"CASE WHEN regexp_matches({{0}}, '{pattern}') THEN {found} END" if is_optional else found


ENCODINGS: list[Overload] = [
    overload("to_base64(varbinary) -> varchar", "to_base64({0})"),
    overload("from_base64(varchar) -> varbinary", "from_base64({0})"),
    overload("sha1(varbinary) -> varbinary", "unhex(sha1({0}))"),
    # Athena writes a space as a plus sign.
    overload("url_encode(varchar) -> varchar", "replace(url_encode({0}), '%20', '+')"),
    overload("url_decode(varchar) -> varchar", "url_decode(replace({0}, '+', ' '))"),
    overload("url_extract_protocol(varchar) -> varchar", _part("^([^:/?#]+):")),
    overload("url_extract_host(varchar) -> varchar", _part(f"{_AUTHORITY}([^:/?#]+)")),
    overload(
        "url_extract_port(varchar) -> bigint",
        f"TRY_CAST(regexp_extract({{0}}, '{_AUTHORITY}[^:/?#]*:([0-9]+)', 1) AS BIGINT)",
    ),
    overload("url_extract_path(varchar) -> varchar", _part("^[^:/?#]+:(?://[^/?#]*)?([^?#]*)", is_optional=False)),
    overload("url_extract_query(varchar) -> varchar", _part(r"\?([^#]*)")),
    overload("url_extract_fragment(varchar) -> varchar", _part("#(.*)$")),
    overload(
        "url_extract_parameter(varchar, varchar) -> varchar",
        "CASE WHEN regexp_matches({0}, '[?&]' || regexp_escape({1}) || '=') THEN url_decode(replace(regexp_extract("
        "{0}, '[?&]' || regexp_escape({1}) || '=([^&#]*)', 1), '+', ' ')) END",
    ),
]
