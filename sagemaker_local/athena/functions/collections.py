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
    overload("map(array(K), array(V)) -> map(K, V)", "map({0}, {1})"),
    overload("map_keys(map(K, V)) -> array(K)", "map_keys({0})"),
    overload("map_values(map(K, V)) -> array(V)", "map_values({0})"),
]
