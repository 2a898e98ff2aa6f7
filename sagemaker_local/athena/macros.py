"""Functions of Athena that DuckDB has with another meaning, as DuckDB macros."""

from __future__ import annotations

# A failing cast says why, and TRY() turns it into NULL, which it does not do for DuckDB's error().
_FAIL = "CAST({0} AS INTEGER)"


def _failure(message: str) -> str:
    return _FAIL.format(message)


MACROS: tuple[str, ...] = (
    # Floating-point division: Infinity and NaN instead of an error.
    """trino_divide(a, b) AS CASE WHEN b <> 0 THEN a / b
        WHEN a = 0 OR isnan(a) THEN 'nan'::DOUBLE WHEN b = 0 THEN sign(a) * 'inf'::DOUBLE ELSE a + b END""",
    "trino_modulus(a, b) AS CASE WHEN b <> 0 THEN a % b ELSE a + b + 'nan'::DOUBLE END",
    "trino_cbrt(x) AS CASE WHEN pow(round(cbrt(x)), 3) = x THEN round(cbrt(x)) ELSE cbrt(x) END",
    # Whole-number division, rounded half away from zero.
    """trino_rounded_quotient(a, b) AS a // b + CASE WHEN 2 * abs(a % b) >= abs(b) THEN sign(a) * sign(b) ELSE 0 END""",
    # Subscripts must exist; element_at answers NULL, and takes negative indexes.
    f"""trino_item(a, i) AS CASE WHEN a IS NULL OR i IS NULL THEN NULL WHEN i BETWEEN 1 AND len(a) THEN a[i]
        ELSE a[{_failure("'TRINO INVALID_FUNCTION_ARGUMENT: Array subscript is out of bounds: ' || i")}] END""",
    f"""trino_value(m, k) AS CASE WHEN m IS NULL OR k IS NULL OR map_contains(m, k) THEN m[k]
        ELSE map_values(m)[{_failure("'TRINO INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k")}] END""",
    f"""trino_element_at(a, i) AS CASE WHEN i = 0
        THEN a[{_failure("'TRINO INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1'")}] ELSE a[i] END""",
    # NULL, not false, when the array has a NULL and no such item.
    """trino_contains(a, x) AS CASE WHEN x IS NULL THEN NULL WHEN list_contains(a, x) THEN TRUE
        WHEN len(list_filter(a, lambda y: y IS NULL)) > 0 THEN NULL ELSE len(a) < 0 END""",
    "trino_array_max(a) AS CASE WHEN len(list_filter(a, lambda x: x IS NULL)) > 0 THEN NULL ELSE list_max(a) END",
    "trino_array_min(a) AS CASE WHEN len(list_filter(a, lambda x: x IS NULL)) > 0 THEN NULL ELSE list_min(a) END",
    """trino_array_distinct(a) AS list_filter(a, lambda x, i: i = 1
        OR len(list_filter(a[1:i - 1], lambda y: y IS NOT DISTINCT FROM x)) = 0)""",
    """trino_array_has(a, x) AS len(list_filter(a, lambda y: y IS NOT DISTINCT FROM x)) > 0""",
    """trino_array_intersect(a, b) AS list_filter(trino_array_distinct(a), lambda z: trino_array_has(b, z))""",
    """trino_array_except(a, b) AS list_filter(trino_array_distinct(a), lambda z: NOT trino_array_has(b, z))""",
    # NULL when only a NULL could be what both have.
    """trino_arrays_overlap(a, b) AS CASE
        WHEN len(list_filter(a, lambda z: z IS NOT NULL AND trino_array_has(b, z))) > 0 THEN TRUE
        WHEN trino_array_has(a, NULL) OR trino_array_has(b, NULL) THEN NULL ELSE len(a) < 0 END""",
    """trino_array_join(a, d, n) AS array_to_string(list_transform(a, lambda x: coalesce(x::VARCHAR, n)), d)""",
    """trino_ngrams(a, n) AS list_transform(range(1, greatest(len(a) - n + 1, 1) + 1), lambda i: a[i:i + n - 1])""",
    """trino_dates(a, b, i) AS list_transform(generate_series(a::TIMESTAMP, b::TIMESTAMP, i), lambda x: x::DATE)""",
    """trino_split_to_map(s, e, k) AS map_from_entries(list_transform(string_split(s, e), lambda x:
        struct_pack(k := split_part(x, k, 1), v := substring(x, strpos(x, k) + length(k)))))""",
    """trino_to_base(n, r) AS CASE WHEN n < 0 THEN '-' ELSE '' END || lower(to_base(abs(n), r::INTEGER))""",
    "trino_slice(a, s, n) AS CASE WHEN s > 0 THEN a[s:s + n - 1] ELSE a[len(a) + s + 1:len(a) + s + n] END",
    "trino_sequence(a, b) AS CASE WHEN a <= b THEN generate_series(a, b) ELSE generate_series(a, b, -1) END",
    # Positions count from 1, from the end when negative; there is no position 0.
    """trino_substring(s, i) AS CASE WHEN i = 0 OR -i > length(s) THEN substring(s, 1, 0) ELSE substring(s, i) END,
        (s, i, n) AS CASE WHEN i = 0 OR -i > length(s) OR n <= 0 THEN substring(s, 1, 0) ELSE substring(s, i, n) END""",
    """trino_split_part(s, d, i) AS CASE WHEN i > len(string_split(s, d)) THEN NULL ELSE split_part(s, d, i) END""",
    "trino_regexp_extract(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END",
    # Objects and arrays are no scalars; a text that is not JSON has no parts.
    """trino_json_scalar(j, p) AS CASE WHEN json_valid(j)
        AND json_type(j, p) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN json_extract_string(j, p) END""",
    "trino_json_part(j, p) AS CASE WHEN json_valid(j) THEN json_extract(j, p) END",
    """trino_json_length(j) AS CASE WHEN json_valid(j) AND json_type(j) = 'ARRAY'
        THEN CAST(json_array_length(j) AS BIGINT) END""",
    # Only UTC, here too.
    f"""trino_zoned_timestamp(s) AS CASE
        WHEN regexp_matches(s, '[A-Za-z]|[+-]\\d\\d:\\d\\d$') AND NOT regexp_matches(s, '(UTC|Z|[+-]00:00)$')
        THEN CAST(CAST({_failure("'TRINO NOT_SUPPORTED: timestamps keep no zone but UTC here: ' || s")}
            AS VARCHAR) AS TIMESTAMPTZ)
        ELSE CAST(s AS TIMESTAMPTZ) END""",
    # Only UTC: DuckDB keeps the moment, Athena the zone, too, and shows it.
    f"""trino_iso_timestamp(s) AS CASE WHEN regexp_matches(s, 'T.*([+-]\\d\\d:?\\d\\d)$')
            AND NOT regexp_matches(s, '[+-]00:?00$')
        THEN CAST(CAST({_failure("'TRINO NOT_SUPPORTED: from_iso8601_timestamp keeps no zone but UTC here: ' || s")}
            AS VARCHAR) AS TIMESTAMPTZ)
        ELSE date_trunc('millisecond', CAST(s AS TIMESTAMPTZ)) END""",
    # 0.1 -> 1.0E-1, from DuckDB's shortest text of the number.
    "trino_mantissa(d) AS d[1] || '.' || CASE WHEN length(d) > 1 THEN d[2:] ELSE '0' END",
    """trino_scientific(s, w, f, e) AS s || trino_mantissa(rtrim(ltrim(w || f, '0'), '0')) || 'E'
        || (e + length(w) - 1 - (length(w || f) - length(ltrim(w || f, '0'))))""",
    """trino_floating_text(t) AS CASE
        WHEN t IS NULL THEN NULL
        WHEN t = 'nan' THEN 'NaN' WHEN t = 'inf' THEN 'Infinity' WHEN t = '-inf' THEN '-Infinity'
        WHEN regexp_matches(t, '^-?0(\\.0*)?$') THEN regexp_extract(t, '^-?') || '0.0E0'
        ELSE trino_scientific(regexp_extract(t, '^-?'), regexp_extract(t, '^-?(\\d+)', 1),
            regexp_extract(t, '\\.(\\d+)', 1), coalesce(TRY_CAST(regexp_extract(t, 'e(.*)$', 1) AS INTEGER), 0)) END""",
)
