"""Patterns of dates."""

from __future__ import annotations

import pytest

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.functions.time_formats import from_joda, from_mysql


def test_mysql_pattern_keeps_meaning_and_plain_text() -> None:
    assert from_mysql("%Y-%m-%d at %H:%i:%s %%") == "%Y-%m-%d at %H:%M:%S %%"


def test_mysql_specifier_that_athena_lacks_is_refused_by_name() -> None:
    with pytest.raises(QueryError, match="%U not supported in date format string"):
        from_mysql("%U")


def test_joda_pattern_keeps_quoted_text_and_escapes_percent() -> None:
    assert from_joda("yyyy-MM-dd'T'HH:mm:ss.SSS''%") == "%Y-%m-%dT%H:%M:%S.%g'%%"


def test_joda_letters_that_are_not_known_are_refused_by_name() -> None:
    with pytest.raises(QueryError, match="`ZZZ` in the date pattern 'yyyy ZZZ'"):
        from_joda("yyyy ZZZ")
