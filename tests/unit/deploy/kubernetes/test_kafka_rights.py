from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from deploy.kubernetes import strimzi
from deploy.kubernetes.access import ACCESS, CONSOLE, DECIDER, PROVISION, READER, Access
from deploy.kubernetes.rendering import HERE
from relay.engine.configuration.accounts import MODELS
from relay.engine.provision.declared import declared_topics
from relay.engine.topics import ALL as TOPICS
from relay.engine.topics import FAMILIES, GROUPS, NAMES, WORKS_ON
from tests.unit.deploy.kubernetes.manifests import ALL, Workload, named, of_kind

PRODUCTION = [one for one in ALL if one.overlay == "prod"]
IN_GROUPS = [one for one in ACCESS if one.workload in GROUPS]
STAGE_ACCESS = [one for one in ACCESS if one.workload in WORKS_ON]


def rights(user: str) -> set[tuple[str, str, str, str]]:
    """The ACLs of a user as they are deployed: type, name, pattern, operation."""
    acls = named(of_kind("prod", "KafkaUser"))[user]["spec"]["authorization"]["acls"]
    return {
        (one["resource"]["type"], one["resource"]["name"], one["resource"]["patternType"], operation)
        for one in acls
        for operation in one["operations"]
    }


@pytest.mark.parametrize(("name", "resources"), [("topics", strimzi.topics()), ("users", strimzi.users())])
def test_what_is_deployed_is_what_the_code_declares(name: str, resources: list[dict[str, Any]]) -> None:
    written = (HERE / "components" / "strimzi" / f"{name}.yaml").read_text()
    assert written == strimzi.document(resources), "run `make manifests`"


def test_the_topics_are_those_of_the_code_with_their_settings() -> None:
    found = {
        name: (
            one["spec"]["partitions"],
            one["spec"]["replicas"],
            {key: str(value).lower() for key, value in one["spec"]["config"].items()},
        )
        for name, one in named(of_kind("prod", "KafkaTopic")).items()
    }
    wanted = {
        name: (wish.partitions, wish.replication, {key: value.lower() for key, value in wish.settings.items()})
        for name, wish in declared_topics("", 3).items()
    }
    assert found == wanted
    assert set(found) == {topic.base for topic in TOPICS}


def test_every_workload_has_a_user_of_its_own_and_no_other_s_password() -> None:
    # People who look and people who decide run what they like, elsewhere.
    assert {one.workload for one in ACCESS} - {READER, DECIDER} == {one.name for one in PRODUCTION}
    for workload in PRODUCTION:
        user = f"change-order-relay-{workload.name}"
        assert user_of(workload) == user
        assert user in named(of_kind("prod", "KafkaUser"))
        secrets = {one["secret"]["secretName"] for one in workload.pod["volumes"] if "secret" in one}
        assert secrets - set(MODELS) - {"tables"} == {user, "kafka-ca"}


def user_of(workload: Workload) -> str:
    """The Kafka user that a pod says it is."""
    label = "metadata.labels['app.kubernetes.io/component']"
    return workload.environment()["COR_KAFKA_SASL_USERNAME"].replace(
        f"<{label}>", workload.labels["app.kubernetes.io/component"]
    )


def test_the_name_of_the_user_is_put_together_after_what_it_consists_of() -> None:
    for workload in PRODUCTION:
        names = [one["name"] for one in workload.cor["env"]]
        assert names.index("COMPONENT") < names.index("COR_KAFKA_SASL_USERNAME")


@pytest.mark.parametrize("access", IN_GROUPS, ids=lambda one: one.workload)
def test_a_stage_reads_what_its_group_subscribes_to_and_is_in_no_other_group(access: Access) -> None:
    found = rights(access.user)
    assert {name for kind, name, _, _ in found if kind == "group"} == {access.workload}
    for topic in (*GROUPS[access.workload], NAMES):
        assert ("topic", topic.base, "literal", "Read") in found


@pytest.mark.parametrize("access", IN_GROUPS, ids=lambda one: one.workload)
def test_a_stage_can_fence_no_other_stage(access: Access) -> None:
    ids = {name for kind, name, _, _ in rights(access.user) if kind == "transactionalId"}
    assert ids == {f"{access.workload}-"}
    others = [one.transactional_ids for one in ACCESS if one is not access and one.transactional_ids]
    assert [one for one in others if one.startswith(f"{access.workload}-")] == []


@pytest.mark.parametrize("access", ACCESS, ids=lambda one: one.workload)
def test_nobody_may_change_the_cluster_or_everything(access: Access) -> None:
    found = rights(access.user)
    assert {kind for kind, *_ in found} <= {"topic", "group", "transactionalId"}
    writes = {(name, pattern) for kind, name, pattern, operation in found if (kind, operation) == ("topic", "Write")}
    assert {pattern for _, pattern in writes} <= {"literal"}
    assert {operation for *_, operation in found} <= {"Read", "Write", "Describe", "DescribeConfigs"}


def test_the_tables_are_made_by_who_only_reads() -> None:
    """What it states of itself is all that it writes."""
    found = rights("change-order-relay-views")
    assert {name for kind, name, _, operation in found if operation == "Write"} == {"change-orders.control.v1"}
    assert {kind for kind, *_ in found} == {"topic"}


def test_who_only_reads_writes_nothing_and_who_decides_writes_what_a_decision_writes() -> None:
    reading, deciding = rights("change-order-relay-reader"), rights("change-order-relay-decider")
    assert {operation for *_, operation in reading} == {"Read", "Describe", "DescribeConfigs"}
    assert {(kind, operation) for kind, _, _, operation in reading if kind != "topic"} == {("group", "Describe")}
    written = {name for kind, name, _, operation in deciding if (kind, operation) == ("topic", "Write")}
    lanes = {lane.base for family in FAMILIES.values() for lane in family.lanes}
    assert written == lanes | {
        "change-orders.outcomes.v1",
        "change-orders.dead-letters.v1",
        "change-orders.audit.v1",
        "change-orders.control.v1",
    }
    assert {name for kind, name, _, operation in deciding if kind == "transactionalId"} == {"web-"}
    assert {operation for kind, _, _, operation in deciding if kind == "group"} == {"Describe"}


@pytest.mark.parametrize("system", FAMILIES)
def test_a_ledger_is_written_by_its_writer_alone(system: str) -> None:
    writers = {"procore": "procore-writer", "cinx": "cinx-submitter"}
    for topic in (FAMILIES[system].inbox, FAMILIES[system].ledger):
        writing = [one.workload for one in ACCESS if ("topic", topic.base, "literal", "Write") in rights(one.user)]
        assert writing == [writers[system]]


def test_no_stage_writes_the_audit_topic_and_only_provisioning_writes_names() -> None:
    writing = {
        topic: [one.workload for one in ACCESS if ("topic", topic, "literal", "Write") in rights(one.user)]
        for topic in ("change-orders.audit.v1", "change-orders.names.v1")
    }
    assert writing == {"change-orders.audit.v1": [PROVISION, CONSOLE, DECIDER], "change-orders.names.v1": [PROVISION]}


def test_a_prefix_stands_before_topics_groups_and_transactions(tmp_path: Path) -> None:
    prefix = "Dev_"
    (topic, *_) = strimzi.topics(prefix)
    assert topic["spec"]["topicName"] == f"{prefix}{topic['metadata']['name'].removeprefix('dev-')}"
    assert re.fullmatch(r"[a-z0-9.-]+", topic["metadata"]["name"])
    for user in strimzi.users(prefix):
        assert all(acl["resource"]["name"].startswith(prefix) for acl in user["spec"]["authorization"]["acls"])


@pytest.mark.parametrize("access", STAGE_ACCESS, ids=lambda one: one.workload)
def test_a_stage_stops_for_every_topic_that_it_may_use_and_for_no_other(access: Access) -> None:
    assert {*access.reads, *access.writes, NAMES} == set(WORKS_ON[access.workload])
