from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from sagemaker_local.errors import ConflictException, ValidationException
from sagemaker_local.records.model import ApprovalStatus, ModelPackage
from sagemaker_local.store.store import Store
from tests.fakes.records import NOON, a_group, a_package


@pytest.fixture
def with_group(store: Store) -> Store:
    store.model_packages.add_group(a_group())
    return store


def test_group_comes_back_as_it_was_added(store: Store) -> None:
    group = a_group(description="Churn models")

    store.model_packages.add_group(group)

    assert store.model_packages.get_group("Churn") == group
    assert store.model_packages.find_group("Churn") == group


@pytest.mark.parametrize("name", ["Churn", "CHURN"])
def test_group_name_that_is_taken_in_any_case_is_refused(with_group: Store, name: str) -> None:
    """ARNs have the name in small letters, so these groups' packages would have the same ARNs."""
    with pytest.raises(ValidationException, match="Model Package Group already exists: arn:aws:sagemaker:"):
        with_group.model_packages.add_group(a_group(name))


def test_group_that_is_not_there_is_named(store: Store) -> None:
    assert store.model_packages.find_group("Churn") is None
    for use in (
        lambda: store.model_packages.get_group("Churn"),
        lambda: store.model_packages.delete_group("Churn"),
        lambda: store.model_packages.add(a_package, "Churn"),
    ):
        with pytest.raises(ValidationException, match=r"Model Package Group 'Churn' does not exist. Create it with"):
            use()


def test_groups_come_oldest_first(store: Store) -> None:
    store.model_packages.add_group(a_group("Late", created=NOON + timedelta(hours=1)))
    store.model_packages.add_group(a_group("Early"))

    assert [group.name for group in store.model_packages.groups()] == ["Early", "Late"]


def test_package_comes_back_as_it_was_added(with_group: Store) -> None:
    package = a_package(1, customer_metadata={"GitCommit": "abc"}, generated_by="arn", request={"Task": "OTHER"})

    with_group.model_packages.add(lambda version: replace(package, version=version), "Churn")

    assert with_group.model_packages.get(package.arn) == package


def test_packages_are_numbered_from_one(with_group: Store) -> None:
    versions = [with_group.model_packages.add(a_package, "Churn").version for _ in range(3)]

    assert versions == [1, 2, 3]


def test_packages_added_by_many_at_once_have_numbers_of_their_own(with_group: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        packages = list(threads.map(lambda _: with_group.model_packages.add(a_package, "Churn"), range(40)))

    assert sorted(package.version for package in packages) == list(range(1, 41))


def test_package_that_cannot_be_built_takes_no_number(with_group: Store) -> None:
    def fail(version: int) -> ModelPackage:
        raise ValidationException(f"no version {version}")

    with pytest.raises(ValidationException, match="no version 1"):
        with_group.model_packages.add(fail, "Churn")

    assert with_group.model_packages.add(a_package, "Churn").version == 1


def test_number_of_a_deleted_package_is_never_used_again(with_group: Store) -> None:
    with_group.model_packages.add(a_package, "Churn")
    newest = with_group.model_packages.add(a_package, "Churn")

    with_group.model_packages.delete(newest.arn)

    assert with_group.model_packages.add(a_package, "Churn").version == 3


def test_package_that_is_not_there_is_named(with_group: Store) -> None:
    package = a_package(7)
    for use in (
        lambda: with_group.model_packages.get(package.arn),
        lambda: with_group.model_packages.update(package),
        lambda: with_group.model_packages.delete(package.arn),
    ):
        with pytest.raises(ValidationException, match=r"ModelPackage 'arn:.*model-package/churn/7' does not exist"):
            use()


def test_update_keeps_approval_and_metadata(with_group: Store) -> None:
    package = with_group.model_packages.add(a_package, "Churn")
    approved = replace(
        package, approval_status=ApprovalStatus.APPROVED, approval_description="good", customer_metadata={"a": "b"}
    )

    with_group.model_packages.update(approved)

    assert with_group.model_packages.get(package.arn) == approved


def test_all_gives_a_groups_packages_or_all(with_group: Store) -> None:
    with_group.model_packages.add_group(a_group("Other"))
    with_group.model_packages.add(a_package, "Churn")
    with_group.model_packages.add(lambda version: a_package(version, "Other"), "Other")
    with_group.model_packages.add(a_package, "Churn")

    assert [package.version for package in with_group.model_packages.all("Churn")] == [1, 2]
    assert len(with_group.model_packages.all()) == 3


def test_group_with_packages_is_not_deleted(with_group: Store) -> None:
    with_group.model_packages.add(a_package, "Churn")

    with pytest.raises(ConflictException, match="'Churn' still has model packages"):
        with_group.model_packages.delete_group("Churn")

    assert with_group.model_packages.find_group("Churn")


def test_deleted_group_takes_its_tags_along_and_begins_anew(with_group: Store) -> None:
    with_group.tags.add(a_group().arn, {"team": "x"})
    package = with_group.model_packages.add(a_package, "Churn")
    with_group.model_packages.delete(package.arn)

    with_group.model_packages.delete_group("Churn")
    with_group.model_packages.add_group(a_group())

    assert with_group.tags.of(a_group().arn) == {}
    assert with_group.model_packages.add(a_package, "Churn").version == 1
