"""The committed dashboard is what the builder makes, and fits the provisioning beside it."""

from __future__ import annotations

import json

import yaml

from infra.grafana.build import FILE, SOURCE, build
from infra.grafana.panels import ROWS

FOLDER = FILE.parent.parent


def panels() -> list[dict]:
    return json.loads(FILE.read_text(encoding="utf-8"))["panels"]


def test_the_committed_file_is_current():
    assert FILE.read_text(encoding="utf-8") == build(), "run: python -m infra.grafana.build"


def test_every_panel_and_query_is_in_the_file():
    shown = {(one["title"], *(target["expr"] for target in one.get("targets", ()))) for one in panels()}
    wanted = {(one.title, *(query.expr for query in one.queries)) for _, row in ROWS for one in row}
    assert shown == wanted | {(title,) for title, _ in ROWS}


def test_panels_have_their_own_numbers_and_no_two_share_a_place():
    cells = [
        (x, y)
        for one in panels()
        for x in range(one["gridPos"]["x"], one["gridPos"]["x"] + one["gridPos"]["w"])
        for y in range(one["gridPos"]["y"], one["gridPos"]["y"] + one["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    assert len({one["id"] for one in panels()}) == len(panels())


def test_the_provisioned_data_source_is_the_one_the_panels_ask():
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/kpistream.yml").read_text())["datasources"]
    assert (source["type"], source["uid"]) == (SOURCE.type_val, SOURCE.uid)
    asked = {tuple(sorted(target["datasource"].items())) for one in panels() for target in one.get("targets", ())}
    assert asked == {(("type", source["type"]), ("uid", source["uid"]))}
    (provider,) = yaml.safe_load((FOLDER / "provisioning/dashboards/kpistream.yml").read_text())["providers"]
    assert provider["type"] == "file"
