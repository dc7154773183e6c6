"""``python -m infra.grafana.build`` writes dashboards/kpistream.json from panels.py.

Needs the typed foundation SDK of the development requirements; the JSON is committed, so running kpistream
does not.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    GridPos,
    Threshold,
    ThresholdsMode,
)

from infra.grafana.panels import ROWS, Panel, Query

FILE = Path(__file__).parent / "dashboards" / "kpistream.json"
#: As in provisioning/datasources.
SOURCE = DataSourceRef(type_val="prometheus", uid="kpistream-prometheus")
_GRID = 24
_HEIGHTS = {"stat": 4, "timeseries": 8}


def build() -> str:
    """The dashboard as JSON text, the same bytes every time."""
    board = (
        dashboards.Dashboard("kpistream")
        .uid("kpistream")
        .description("Lag, throughput, freshness, dead letters, checkpoints, awards")
        .tags(["kpistream"])
        .readonly()
        .refresh("5s")
        .time("now-30m", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
    )
    numbers, top = count(1), 0
    for title, panels in ROWS:
        board.with_row(dashboards.Row(title).id(next(numbers)).grid_pos(GridPos(h=1, w=_GRID, x=0, y=top)))
        top += 1
        left, height = 0, _HEIGHTS[panels[0].kind]
        for panel in panels:
            if left + panel.width > _GRID:
                left, top = 0, top + height
            place = GridPos(h=height, w=panel.width, x=left, y=top)
            board.with_panel(_panel(panel).id(next(numbers)).grid_pos(place))
            left += panel.width
        top += height
    return JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False).encode(board.build()) + "\n"


def _panel(panel: Panel) -> stat.Panel | timeseries.Panel:
    builder = _stat(panel) if panel.kind == "stat" else _timeseries()
    builder.title(panel.title).description(panel.help).datasource(SOURCE).unit(panel.unit)
    for letter, query in zip("ABCDEFG", panel.queries, strict=False):
        builder.with_target(_target(query, letter, panel.kind == "stat"))
    return builder


def _stat(panel: Panel) -> stat.Panel:
    steps = [Threshold(value=None, color="green")]
    if panel.red is not None:
        steps.append(Threshold(value=panel.red, color="red"))
    return (
        stat.Panel()
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .thresholds(dashboards.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    )


def _timeseries() -> timeseries.Panel:
    legend = (
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return timeseries.Panel().legend(legend).tooltip(tooltip).fill_opacity(10).line_width(1)


def _target(query: Query, letter: str, newest: bool) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(letter).datasource(SOURCE)
    return target.range() if not newest else target.range_and_instant()


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(build(), encoding="utf-8")
