from __future__ import annotations

from datetime import timedelta

import pytest

from sagemaker_local.errors import ValidationException
from sagemaker_local.store.store import Store
from tests.fakes.records import NOON, a_model


def test_model_comes_back_as_it_was_added(store: Store) -> None:
    model = a_model(request={"ModelName": "scorer", "PrimaryContainer": {"Image": "i"}})

    store.models.add(model)

    assert store.models.get("scorer") == model


def test_model_name_that_is_taken_is_refused_in_the_words_the_sdk_looks_for(store: Store) -> None:
    store.models.add(a_model())

    with pytest.raises(ValidationException, match=r'^Cannot create already existing model "arn:aws:sagemaker:'):
        store.models.add(a_model())


def test_model_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(ValidationException, match='Could not find model "scorer"'):
        store.models.get("scorer")
    with pytest.raises(ValidationException, match='Could not find model "scorer"'):
        store.models.delete("scorer")


def test_all_gives_models_oldest_first(store: Store) -> None:
    store.models.add(a_model("late", created=NOON + timedelta(hours=1)))
    store.models.add(a_model("early"))

    assert [model.name for model in store.models.all()] == ["early", "late"]


def test_delete_forgets_model_and_tags(store: Store) -> None:
    store.models.add(a_model())
    store.tags.add(a_model().arn, {"team": "x"})

    store.models.delete("scorer")

    assert store.models.all() == []
    assert store.tags.of(a_model().arn) == {}
