"""``kpistream doctor`` and ``top`` beside real servers: bare ones, a running pipeline, one that lost its parts."""

from __future__ import annotations

import json

from click.testing import CliRunner

from benchmarks.sales import plan_of, produce_sales
from infra.cli import main
from infra.control_topic import apply_plan
from infra.local.stack import LocalStack
from schemas.plan_file import load_plan
from tests.integration.conftest import eventually
from tests.integration.pipeline import ROOT, Pipeline


def doctor(environment: dict[str, str], **changed: str) -> tuple[int, dict[tuple[str, str], dict]]:
    """Exit code, and (area, level) → finding (the last one of several)."""
    environment = environment | {f"KPISTREAM_{name}": value for name, value in changed.items()}
    result = CliRunner().invoke(main, ["doctor", "--format", "json"], env=environment)
    return result.exit_code, {(one["area"], one["level"]): one for one in json.loads(result.stdout)}


def test_bare_servers_lack_topics_processes_and_tables(own_stack: LocalStack):
    code, found = doctor(own_stack.connection.environment())
    assert code == 1
    assert ("kafka", "ok") in found and ("clickhouse", "ok") in found and ("clock", "ok") in found
    assert found["topics", "error"]["mend"] == "create them: kpistream topics"
    assert found["migrations", "error"]["mend"] == "apply them: kpistream migrate"
    assert {area for area, level in found if level == "error"} == {
        "topics", "migrations", "intake", "crediting", "performance", "rollups", "sink",
    }  # fmt: skip


def test_a_running_pipeline_is_well_and_what_it_loses_is_named(own_stack: LocalStack):
    plan = plan_of(load_plan(ROOT / "plans" / "benchmark-tiers.yaml"), employees=20)
    with Pipeline(own_stack, partitions=2) as pipeline:
        environment = pipeline.environment
        code, found = doctor(environment)
        assert code == 1
        assert [key for key in found if key[1] == "error"] == [("plan", "error")]

        apply_plan(pipeline.settings, plan)
        produce_sales(pipeline.settings.kafka_bootstrap, "events.sales", 2400, 20)
        pipeline.produce("events.sales", [b"{broken", b"{too"])
        pipeline.wait_until_drained()
        code, found = doctor(environment)
        assert code == 0, found
        letters = found["dead letters", "warning"]
        assert letters["text"] == "2 records could not be used: invalid_json 2."
        assert found["sink", "ok"]["text"] == "1 member, level with its input."
        assert found["plan", "ok"]["text"] == f"{plan.plan}, version 1, is in force."

        shown = CliRunner().invoke(main, ["top", "--once"], env=environment)
        assert shown.exit_code == 0, shown.output
        rows = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
        for stage in ("intake", "crediting", "performance", "rollups", "sink"):
            assert rows[stage] == ["1", "0", "0", "0.0"]
        assert "dead letters  2" in shown.stdout
        ((awards,),) = pipeline.query("SELECT count() FROM bi.awards")
        assert awards > 8
        assert shown.stdout.count("\naward  E0000") == 8

        code, found = doctor(environment, PARTITIONS="3")
        assert code == 1
        assert found["topics", "error"]["mend"].startswith("set KPISTREAM_PARTITIONS=2:")
        code, found = doctor(environment, CLICKHOUSE_BI_PASSWORD="wrong")
        assert code == 1
        assert "The user bi is refused" in found["clickhouse", "error"]["text"]

        pipeline.stop_worker()
        stages = {"intake", "crediting", "performance", "rollups"}
        # a static member is missed after its session time, each stage's by itself
        assert eventually(lambda: {area for area, level in doctor(environment)[1] if level == "error"} == stages, 60)
        code, found = doctor(environment)
        assert code == 1
        assert found["crediting", "error"]["mend"] == "start one: kpistream worker"


def test_servers_that_are_not_there_are_named_with_their_address():
    nowhere = {"KPISTREAM_KAFKA_BOOTSTRAP": "127.0.0.1:1", "KPISTREAM_CLICKHOUSE_PORT": "1"}
    code, found = doctor(nowhere, CLICKHOUSE_HOST="127.0.0.1")
    assert code == 1
    assert found["kafka", "error"]["text"] == "Nothing listens at 127.0.0.1:1."
    assert found["clickhouse", "error"]["text"] == "Nothing listens at 127.0.0.1:1."


def test_a_setting_that_is_not_usable_is_named():
    result = CliRunner().invoke(main, ["doctor"], env={"KPISTREAM_PARTITIONS": "none"})
    assert result.exit_code == 1
    assert "KPISTREAM_PARTITIONS is not usable" in result.stdout


def test_top_without_kafka_says_where_it_looked():
    result = CliRunner().invoke(main, ["top", "--once"], env={"KPISTREAM_KAFKA_BOOTSTRAP": "127.0.0.1:1"})
    assert result.exit_code == 1
    assert "127.0.0.1:1 does not answer" in result.output
