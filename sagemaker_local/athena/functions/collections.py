"""Functions on arrays and maps; those with lambdas are in `lambdas`."""

from __future__ import annotations

from sagemaker_local.athena.functions.signature import Overload, overload

COLLECTIONS: list[Overload] = [
    overload("cardinality(array(T)) -> bigint", "len({0})"),
    overload("cardinality(map(K, V)) -> bigint", "cardinality({0})", cast=True),
    overload("element_at(array(T), bigint) -> T", "trino_element_at({0}, {1})"),
    overload("element_at(map(K, V), K) -> V", "{0}[{1}]"),
    overload("contains(array(T), T) -> boolean", "trino_contains({0}, {1})"),
    overload("array_max(array(T)) -> T", "trino_array_max({0})"),
    overload("array_min(array(T)) -> T", "trino_array_min({0})"),
    overload("array_sort(array(T)) -> array(T)", "list_sort({0}, 'ASC', 'NULLS LAST')"),
    overload("array_distinct(array(T)) -> array(T)", "trino_array_distinct({0})"),
    overload("array_position(array(T), T) -> bigint", "coalesce(list_position({0}, {1}), 0)", cast=True),
    overload("array_remove(array(T), T) -> array(T)", "list_filter({0}, lambda x: x IS DISTINCT FROM {1})"),
    overload("array_join(array(T), varchar) -> varchar", "array_to_string({0}, {1})"),
    overload("slice(array(T), bigint, bigint) -> array(T)", "trino_slice({0}, {1}, {2})"),
    overload("flatten(array(array(T))) -> array(T)", "flatten({0})"),
    overload("reverse(array(T)) -> array(T)", "list_reverse({0})"),
    overload("concat(array(T), array(T)) -> array(T)", "list_concat({0}, {1})"),
    overload("repeat(T, bigint) -> array(T)", "list_transform(range({1}), lambda x: {0})"),
    overload("sequence(bigint, bigint) -> array(bigint)", "trino_sequence({0}, {1})"),
    overload("sequence(bigint, bigint, bigint) -> array(bigint)", "generate_series({0}, {1}, {2})"),
    overload("array_intersect(array(T), array(T)) -> array(T)", "trino_array_intersect({0}, {1})"),
    overload("array_except(array(T), array(T)) -> array(T)", "trino_array_except({0}, {1})"),
    overload("array_union(array(T), array(T)) -> array(T)", "trino_array_distinct(list_concat({0}, {1}))"),
    overload("arrays_overlap(array(T), array(T)) -> boolean", "trino_arrays_overlap({0}, {1})"),
    overload("trim_array(array(T), bigint) -> array(T)", "{0}[1:len({0}) - {1}]"),
    overload("array_join(array(T), varchar, varchar) -> varchar", "trino_array_join({0}, {1}, {2})"),
    overload("ngrams(array(T), bigint) -> array(array(T))", "trino_ngrams({0}, {1})"),
    overload(
        "zip(array(T), array(U)) -> array(row(T, U))",
        "list_transform(range(1, greatest(len({0}), len({1})) + 1),"
        " lambda i: struct_pack(field0 := {0}[i], field1 := {1}[i]))",
    ),
    overload("sequence(date, date) -> array(date)", "trino_dates({0}, {1}, to_days(1))"),
    overload("sequence(date, date, interval day) -> array(date)", "trino_dates({0}, {1}, {2})"),
    overload("map_concat(map(K, V), map(K, V)) -> map(K, V)", "map_concat({0}, {1})"),
    overload(
        "map_entries(map(K, V)) -> array(row(K, V))",
        "list_transform(map_entries({0}), lambda e: struct_pack(field0 := e.key, field1 := e.value))",
    ),
    overload(
        "map_from_entries(array(row(K, V))) -> map(K, V)",
        "map_from_entries(list_transform({0},"
        " lambda e: struct_pack(k := struct_extract_at(e, 1), v := struct_extract_at(e, 2))))",
    ),
    overload("split_to_map(varchar, varchar, varchar) -> map(varchar, varchar)", "trino_split_to_map({0}, {1}, {2})"),
    overload("map() -> map(K, V)", "map([], [])", cast=True),
    overload("map(array(K), array(V)) -> map(K, V)", "map({0}, {1})"),
    overload("map_keys(map(K, V)) -> array(K)", "map_keys({0})"),
    overload("map_values(map(K, V)) -> array(V)", "map_values({0})"),
]
