# ruff: noqa: E501
"""Plan files: every error at once, at its line, in words that help. Each case is one edit of a valid plan."""

from __future__ import annotations

import pytest

from schemas.plan import Plan
from schemas.plan_file import InvalidPlan, check_plan, examine_plan, load_plan

BASE = """\
plan: p
timezone: Asia/Shanghai
currency: CNY
organisation:
  company: acme
  departments:
    - id: sales
      teams:
        - id: north
          employees:
            - {id: E1, role: rep}
            - {id: E2, role: rep}
events:
  audit:
    fields: {points: number, site: string, passed: boolean}
calendars:
  season:
    - {key: spring, start: 2026-02-01}
    - {key: summer, start: 2026-06-01, end: 2026-09-01}
kpis:
  - id: revenue
    name: Revenue
    description: Sales
    aggregate: sum
    events: [sale]
    field: amount
    where: {channel: [web, shop]}
    unit: money
  - id: answers
    name: Answers
    description: Answers
    aggregate: ratio
    events: [lead]
    numerator: {where: {converted: true}}
    denominator: {}
    unit: percent
targets:
  - {kpi: revenue, period: month, value: 1000}
  - {kpi: revenue, period: month, at: 2026-03, value: 1200}
awards:
  - id: tiers
    kind: tiers
    name: Tiers
    kpi: revenue
    period: month
    pays: marginal
    tiers:
      - {attainment: 0%, rate: 1%}
      - {attainment: 100%, rate: 2%}
  - id: both
    kind: threshold
    name: Both
    period: month
    all:
      - {kpi: revenue, attainment: 100%}
    bonus: 100
"""

#: (what to replace, by what, the line of the error, its path, a part of its message)
# fmt: off
ERRORS = [
    ("timezone: Asia/Shanghai", "timezone: Asia/Shangai", 2, "timezone", "did you mean Asia/Shanghai?"),
    ("currency: CNY", "currency: yuan", 3, "currency", "three capital letters"),
    ("currency: CNY", "curency: CNY", 3, "curency", "did you mean currency?"),
    ("plan: p\n", "", 1, "plan", "required, but not given"),
    ("id: E2", "id: E1", 12, "organisation.departments[sales].teams[north].employees[E1].id", "given twice"),
    ("id: north", "id: 'no rth'", 9, "organisation.departments[sales].teams[no rth].id", "is no id"),
    ("role: rep}\n            - {id: E2, role: rep}", "role: rep}\n            - {id: E2, rol: rep}", 12,
     "organisation.departments[sales].teams[north].employees[E2].rol", "did you mean role?"),
    ("  audit:", "  sale:", 14, "events.sale", "built-in event type"),
    ("{id: E1, role: rep}", "{id: E1, role: rep, moves: [{date: 2026-03-16, team: nort}]}", 11,
     "organisation.departments[sales].teams[north].employees[E1].moves[0].team", "did you mean north?"),
    ("{id: E1, role: rep}", "{id: E1, role: rep, moves: [{date: 2026-03-16}]}", 11,
     "organisation.departments[sales].teams[north].employees[E1].moves[0]", "a team, a role, or both"),
    ("{id: E1, role: rep}", "{id: E1, role: rep, moves: [{date: 2026-03-16, role: a}, {date: 2026-03-16, role: b}]}", 11,
     "organisation.departments[sales].teams[north].employees[E1].moves[1].date", "later than the date before it, 2026-03-16"),
    ("currency: CNY", "currency: CNY\nrates: [{currency: CNY, date: 2026-01-01, rate: 1}]", 4, "rates[0].currency", "plan's own currency"),
    ("currency: CNY", "currency: CNY\nrates: [{currency: USD, date: 2026-01-01, rate: 7}, {currency: USD, date: 2026-01-01, rate: 8}]",
     4, "rates[1].date", "given twice"),
    ("currency: CNY", "currency: CNY\nrates: [{currency: USD, date: 2026-01-01, rate: 0}]", 4, "rates[0].rate", "above 0"),
    ("currency: CNY", "currency: CNY\nrates: [{currency: USD, date: 2026-01-01, rate: 0.01234567891}]", 4, "rates[0].rate", "at most 10 decimals"),
    ("currency: CNY", "currency: CNY\ncrediting: {guards: [{events: [sale]}]}", 4, "crediting.guards[0]", "expected a cap"),
    ("currency: CNY", "currency: CNY\ncrediting: {guards: [{cap: 0}]}", 4, "crediting.guards[0].cap", "above 0"),
    ("currency: CNY", "currency: CNY\ncrediting: {guards: [{cap: 1, events: [sail]}]}", 4, "crediting.guards[0].events[0]", "did you mean sale?"),
    ("currency: CNY", "currency: CNY\ncrediting: {guards: [{cap: 1, events: [refund]}]}", 4, "crediting.guards[0].events[0]", "guard the sale"),
    ("points: number", "points: money", 15, "events.audit.fields.points", "expected one of string, number, boolean"),
    ("boolean}", "boolean}\n    required: [sit]", 16, "events.audit.required[0]", "did you mean site?"),
    ("start: 2026-06-01,", "start: 2026-01-01,", 19, "calendars.season[1].start", "later than the start before it"),
    (", end: 2026-09-01", "", 19, "calendars.season[1]", "needs an end"),
    ("start: 2026-02-01}", "start: 2026-02-01, end: 2026-07-01}", 18, "calendars.season[0].end", "next start"),
    ("key: summer", "key: spring", 19, "calendars.season[1].key", "given twice"),
    ("start: 2026-02-01", "start: 20260201", 18, "calendars.season[0].start", "expected a date such as"),
    ("start: 2026-02-01", "start: 2026-02-30", 18, "calendars.season[0].start", "no such day"),
    ("  season:", "  month:", 17, "calendars.month", "built-in period"),
    ("aggregate: sum", "aggregate: summ", 24, "kpis[revenue].aggregate", "did you mean sum?"),
    ("aggregate: sum", "aggregate: distinct", 26, "kpis[revenue].field", "is a number; expected a string"),
    ("aggregate: sum", "aggregate: count", 26, "kpis[revenue].field", "takes no field"),
    ("    field: amount\n", "", 21, "kpis[revenue]", "needs a field"),
    ("field: amount", "field: channel", 26, "kpis[revenue].field", "is a string; expected a number"),
    ("field: amount", "field: amonut", 26, "kpis[revenue].field", "did you mean amount?"),
    ("events: [sale]", "events: [sales]", 25, "kpis[revenue].events[0]", "did you mean sale?"),
    ("events: [sale]", "events: []", 25, "kpis[revenue].events", "at least one"),
    ("{channel: [web", "{chanel: [web", 27, "kpis[revenue].where.chanel", "did you mean channel?"),
    ("[web, shop]", "[web, 7]", 27, "kpis[revenue].where.channel", '7 is no string; write "7"'),
    ("[web, shop]", "{gt: 3}", 27, "kpis[revenue].where.channel", "bounds need a number field"),
    ("[web, shop]", "{above: 3}", 27, "kpis[revenue].where.channel", "bounds (gt, gte, lt, lte)"),
    ("converted: true", "converted: yes", 34, "kpis[answers].numerator.where.converted", "'yes' is no boolean"),
    ("    denominator: {}\n", "", 29, "kpis[answers]", "needs a denominator"),
    ("denominator: {}", "denominator: {events: [sale]}", 35, "kpis[answers].denominator.events[0]", "KPI's own"),
    ("id: answers", "id: revenue", 29, "kpis[revenue].id", "given twice"),
    ("unit: money", "unit: money\n    periods: [moth]", 29, "kpis[revenue].periods[0]", "did you mean month?"),
    ("month, value: 1000", "rolling_0d, value: 1000", 38, "targets[0].period", "N from 1 to 999"),
    ("value: 1000", "value: 1,000", 38, "targets[0].000", "without separators"),
    ("value: 1000", "value: 10.00001", 38, "targets[0].value", "more than 4 decimals"),
    ("value: 1000", "value: 1e30", 38, "targets[0].value", "at most"),
    ("value: 1000", "value: .nan", 38, "targets[0].value", "expected a number"),
    ("value: 1000", "value: -5", 38, "targets[0].value", "must not be negative"),
    ("value: 1000", "value: 1000, employee: E9", 38, "targets[0].employee", "no such employee: E9"),
    ("value: 1000", "value: 1000, role: rap", 38, "targets[0].role", "did you mean rep?"),
    ("at: 2026-03", "at: 2026-13", 39, "targets[1].at", "expected a key such as 2026-03"),
    ("at: 2026-03, ", "", 39, "targets[1]", "the same target was set before"),
    ("period: month, at", "period: season, at", 39, "targets[1].at", "no such period in calendar season"),
    ("kind: tiers", "kind: tier", 42, "awards[tiers].kind", "expected tiers or threshold"),
    ("    kind: tiers\n", "", 41, "awards[tiers]", "required, but not given: kind"),
    ("pays: marginal", "pays: flat", 48, "awards[tiers].tiers[0]", "needs an amount"),
    ("pays: marginal", "pays: nothing", 48, "awards[tiers].tiers[0].rate", "takes no rate"),
    ("pays: marginal", "pays: interpolated", 48, "awards[tiers].tiers[0]", "needs an amount"),
    ("pays: marginal", "pays: marginal\n    cap: 0", 47, "awards[tiers].cap", "must be above 0"),
    ("pays: marginal", "pays: marginal\n    cap: 9.999", 47, "awards[tiers].cap", "more decimals than CNY has"),
    ("pays: marginal", "pays: marginal\n    floor: 5\n    cap: 4", 47, "awards[tiers].floor", "must not be above the cap"),
    ("pays: marginal", "pays: marginal\n    hurdle: {}", 47, "awards[tiers].hurdle", "either an attainment or a value"),
    ("pays: marginal", "pays: marginal\n    settle: sticky\n    hurdle: {value: 5}", 48, "awards[tiers].hurdle", "expected live or period_end"),
    ("pays: marginal", "pays: marginal\n    clawback: as_paid\n    cap: 5", 48, "awards[tiers].cap", "expected clawback: re_rate"),
    ("pays: marginal", "pays: marginal\n    clawback: as_paid\n    min_sample: 5", 48, "awards[tiers].min_sample", "a min_sample looks at the whole period"),
    ("pays: marginal", "pays: marginal\n    min_sample: -1", 47, "awards[tiers].min_sample", "expected at least 0"),
    ("period: month\n    pays: marginal", "period: rolling_7d\n    pays: marginal\n    clawback: as_paid", 47, "awards[tiers].clawback", "expected a calendar period"),
    ("kpi: revenue\n    period: month\n    pays", "kpi: answers\n    period: month\n    clawback: as_paid\n    pays", 46, "awards[tiers].clawback", "needs a sum"),
    ("rate: 2%", "rate: 0.02", 49, "awards[tiers].tiers[1].rate", "with its sign, such as 80%"),
    ("rate: 2%", "rate: -2%", 49, "awards[tiers].tiers[1].rate", "must not be negative"),
    ("attainment: 100%, rate", "attainment: 0%, rate", 49, "awards[tiers].tiers[1].attainment", "above the bound before"),
    ("attainment: 100%, rate", "value: 5, rate", 47, "awards[tiers].tiers", "expected one kind"),
    ("attainment: 100%, rate", "attainment: 100%, value: 5, rate", 49, "awards[tiers].tiers[1]", "either"),
    ("pays: marginal", "pays: marginal\n    setle: sticky", 47, "awards[tiers].setle", "did you mean settle?"),
    ("    bonus: 100", "    bonus: 0", 56, "awards[both].bonus", "above 0"),
    ("    bonus: 100\n", "", 50, "awards[both]", "expected a bonus, promotion: true, or both"),
    ("    all:", "    any: []\n    al:", 55, "awards[both].al", "did you mean all?"),
    ("kpi: revenue, attainment: 100%}", "kpi: answers, attainment: 100%}", 55, "awards[both].all[0]", "needs a target on answers"),
    ("period: month\n    all", "period: rolling_7d\n    settle: period_end\n    all", 54, "awards[both].settle", "never ends"),
    ("plan: p\n", "plan: p\nplan: q\n", 2, "plan", "given twice, first on line 1"),
    ("plan: p\n", "plan: p\nversion: 0\n", 2, "version", "expected at least 1"),
    ("plan: p\n", "plan: p\nversion: one\n", 2, "version", "expected a whole number"),
    ("currency: CNY", "currency: [CNY", 4, "", "not valid YAML"),
    ("currency: CNY", "currency：CNY", 3, "", "line 3 has a full-width “：”, where YAML knows only “:”"),
    ("currency: CNY", "currency:\u3000CNY", 3, "", "line 3 has a full-width space"),
    ("    unit: money", "\u00a0   unit: money", 29, "", "line 28 has a no-break space"),
    ("currency: CNY", "currency:CNY", 3, "", "a colon and a space behind it"),
    ("  - id: answers", "  -\tid: answers", 29, "", "a tab in the line"),
    ("  - id: answers\n    name", "  - id: answers\n   name", 30, "", "begin in the same column (it began on line 21)"),
    ("  - id: answers", "  -id: answers", 29, "", "a space behind the “-”"),
    ("description: Sales", "description: Sales: all", 23, "", "a text with it is put in quotes"),
    ("value: 1000}", "value: %5}", 38, "", "a text that begins with “%” is put in quotes"),
    ("name: Tiers", "name: 'Tiers", 43, "", "a text begins with a quote here"),
    ("kpi: revenue, period: month, value: 1000}", "kpi：revenue, period: month, value: 1000}", 38, "targets[0].kpi：revenue", "a full-width “：”"),
    ("value: 1000}", "value: 95％}", 38, "targets[0].value", "a full-width “％”"),
    ("timezone: Asia/Shanghai", "timezone: UTC+8", 2, "timezone", "named after a place, such as Asia/Shanghai"),
    ("kpis:", "KPIs:", 20, "KPIs", "did you mean kpis?"),
    ("id: E2", "id: 张伟", 12, "organisation.departments[sales].teams[north].employees[张伟].id", "letters A to Z"),
    ("name: Tiers", "name: 12", 43, "awards[tiers].name", 'write "12" with quotes'),
    ("name: Tiers", "name: {en: 12}", 43, "awards[tiers].name.en", 'write "12" with quotes'),
    ("name: Tiers", "name:", 43, "awards[tiers].name", "expected a text, or {en: …, zh: …}"),
    ("pays: marginal", "pays: marginal\n    roles: rep", 47, "awards[tiers].roles", "such as [rep]"),
    ("  - id: answers", "    id: answers", 29, "kpis[revenue].id", "a further entry of a list begins with “- ”"),
    ("kpi: revenue, period: month, value: 1000}", "kpi: revenue， period: month, value: 1000}", 38, "", "full-width “，”"),
    ("{converted: true}}", "{converted: true}", 35, "", "(it began on line 34)"),
    ("    kpi: revenue\n", "\tkpi: revenue\n", 44, "", "indent with spaces"),
    ("timezone: Asia/Shanghai", "timezone: Asia/Beijing", 2, "timezone", "China's is Asia/Shanghai"),
    ("value: 1000", "value: 1,000 CNY", 38, "targets[0].000 CNY", "without separators or currency"),
    ("kind: threshold", "kind: treshold", 51, "awards[both].kind", "did you mean threshold?"),
]
# fmt: on


def test_the_base_is_valid():
    plan, errors, warnings = examine_plan(BASE)
    assert plan and not errors and not warnings


@pytest.mark.parametrize(
    "old, new, line, path, message", ERRORS, ids=[f"{path}: {text}" for *_, path, text in ERRORS]
)
def test_an_error_names_line_path_and_what_was_expected(old, new, line, path, message):
    assert BASE.count(old) >= 1
    plan, errors = check_plan(BASE.replace(old, new, 1), "p.yaml")
    assert plan is None
    found = [
        error for error in errors if (error.line, error.path) == (line, path) and message in error.message
    ]
    assert len(found) == 1, [str(error) for error in errors]
    prefix = f"p.yaml:{line}: {path}: " if path else f"p.yaml:{line}: "
    assert str(found[0]).startswith(prefix)


def test_all_errors_come_at_once_in_the_order_of_lines():
    text = (
        BASE.replace("currency: CNY", "currency: yuan")
        .replace("rate: 2%", "rate: 2")
        .replace("bonus: 100", "bonus: x")
    )
    _, errors = check_plan(text)
    assert [error.line for error in errors] == [3, 49, 56]
    text = (
        BASE.replace("Asia/Shanghai", "Mars/Base")
        .replace("field: amount", "field: nix")
        .replace("value: 1200", "value: -1")
    )
    assert [error.line for error in check_plan(text)[1]] == [2, 26, 39]


def test_errors_within_fields_do_not_hide_those_between_entries():
    text = BASE.replace("currency: CNY", "curency: CNY").replace("role: rep}", "role: [rep]}", 1)
    text = text.replace("key: spring, start: 2026-02-01", "key: spring, start: soon").replace(
        "field: amount", "field: nix"
    )
    text = (
        text.replace("value: 1200", "value: -1")
        .replace("rate: 2%", "rate: 2")
        .replace("kpi: revenue, attainment", "kpi: revenu, attainment")
    )
    _, errors = check_plan(text)
    assert [(error.line, error.path) for error in errors] == [
        (1, "currency"),
        (3, "curency"),
        (11, "organisation.departments[sales].teams[north].employees[E1].role"),
        (18, "calendars.season[0].start"),
        (26, "kpis[revenue].field"),
        (39, "targets[1].value"),
        (49, "awards[tiers].tiers[1].rate"),
        (55, "awards[both].all[0].kpi"),
    ]


@pytest.mark.parametrize(
    "old, new, path",
    [
        ("aggregate: sum", "aggregate: summ", "kpis[revenue].aggregate"),
        (
            "{id: E1, role: rep}",
            "{id: E1, role: rep, team: x}",
            "organisation.departments[sales].teams[north].employees[E1].team",
        ),
        ("value: 1000", "value: x", "targets[0].value"),
        ("{key: summer", "{key: 'sum mer'", "calendars.season[1].key"),
    ],
)
def test_a_faulty_entry_draws_no_errors_elsewhere(old, new, path):
    _, errors = check_plan(BASE.replace(old, new, 1))
    assert [error.path for error in errors] == [path]


def test_a_file_that_is_no_text_says_where(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"plan: p\nname: caf\xe9\n")
    with pytest.raises(InvalidPlan, match=r"latin\.yaml:2: not UTF-8"):
        load_plan(path)


def test_one_misspelling_does_not_draw_further_errors():
    _, errors = check_plan(BASE.replace("    field: amount", "    feild: amount"))
    assert [error.path for error in errors] == ["kpis[revenue].feild"]


def test_ids_and_keys_that_look_like_numbers_keep_their_text():
    text = BASE.replace("id: E2", "id: 007").replace("period: month, at: 2026-03", "period: year, at: 2026")
    plan = load_plan(text)
    assert plan.organisation.departments[0].teams[0].employees[1].id == "007"
    assert plan.targets[1].at == "2026"


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("    description: Sales\n", "", "no description"),
        ("    unit: money\n", "", "no unit"),
        (
            "{kpi: revenue, period: month, value: 1000}\n  - {kpi: revenue, period: month, at: 2026-03, value: 1200}",
            "{kpi: revenue, period: month, value: 1000, employee: E1}",
            "no target applies to employee E2",
        ),
        ("events: [sale]", "events: [sale, delivery]", "delivery has no field channel"),
        (
            "  - {kpi: revenue, period: month, value: 1000}",
            "  - {kpi: revenue, period: month, value: 1000}\n  - {kpi: answers, period: month, value: 0.95}",
            "not 95%",
        ),
        ("currency: CNY", "currency: RMB", "RMB is no ISO 4217 code; CNY is"),
        ("bonus: 100", "bonus: 3.000", "3.000 means 3, not 3000: numbers are written without separators"),
        ("value: 1000", "value: 250.000", "250.000 means 250, not 250000"),
        ("pays: marginal\n    tiers:\n      - {attainment: 0%, rate: 1%}\n      - {attainment: 100%, rate: 2%}",
         "pays: flat\n    tiers:\n      - {attainment: 100%, amount: 1.500}", "1.500 means 1.5, not 1500"),
    ],
)
def test_warnings_do_not_refuse_the_plan(old, new, message):
    assert old in BASE
    plan, errors, warnings = examine_plan(BASE.replace(old, new, 1))
    assert plan and not errors
    assert any(message in warning.message for warning in warnings), warnings


def test_a_currency_with_three_decimals_may_have_them_written():
    _, errors, warnings = examine_plan(BASE.replace("currency: CNY", "currency: KWD").replace("bonus: 100", "bonus: 3.000"))
    assert not errors and not warnings


def test_names_that_could_be_chosen_are_listed_once():
    _, errors = check_plan(BASE.replace("unit: percent", "unit: 分"))
    assert [one.message for one in errors] == [
        "expected one of money, count, percent, points, minutes, hours, days, number"
    ]


def test_a_list_with_faulty_entries_alone_is_not_called_empty():
    _, errors = check_plan(BASE.replace("events: [sale]", "events: [销售]").replace("- {kpi: revenue, attainment: 100%}", "- {kpi: 销售额, attainment: 100%}"))
    assert [one.path for one in errors] == ["kpis[revenue].events[0]", "awards[both].all[0].kpi"]
    _, errors = check_plan(BASE.replace("id: revenue", "id: 销售额").replace("id: answers", "id: 问卷"))
    assert [one.path for one in errors] == ["kpis[销售额].id", "kpis[问卷].id"]


_CORRECTED = """\
  - {id: sold, name: S, description: S, aggregate: sum, events: [sale, correction], field: amount, unit: money}
  - {id: deals, name: D, description: D, aggregate: count, events: [sale], unit: count}
"""


@pytest.mark.parametrize(
    "kpi, place, what",
    [
        ("aggregate: distinct, events: [sale], field: customer", "aggregate", "a distinct"),
        ("aggregate: max, events: [sale, refund], field: amount", "aggregate", "a max"),
        ("aggregate: mean, events: [sale], field: amount", "aggregate", "a mean"),
        ("aggregate: sum, events: [sale], field: quantity", "field", "a sum of quantity"),
        ("aggregate: ratio, events: [sale, visit], numerator: {events: [sale], field: quantity}, denominator: {events: [visit]}", "numerator.field", "a sum of quantity"),
        ("aggregate: ratio, events: [sale, correction], numerator: {field: amount}, denominator: {events: [sale]}", "", ""),
        ("aggregate: min, events: [visit], field: minutes", "", ""),
    ],
)
def test_what_does_not_follow_a_correction_is_a_warning_where_corrections_count(kpi, place, what):
    text = f"  - {{id: k, name: K, description: K, {kpi}, unit: number}}\n"
    if "correction" not in kpi:
        plan, _, warnings = examine_plan(BASE.replace("targets:", f"{text}targets:"))
        assert plan and not warnings
    plan, _, warnings = examine_plan(BASE.replace("targets:", f"{_CORRECTED}{text}targets:"))
    found = [(one.path, one.message.split(", ")[1]) for one in warnings]
    assert plan and found == ([(f"kpis[k].{place}", f"{what} stays with those whom the sale first named")] if what else [])


def test_more_than_five_kpis_for_a_role_is_a_warning():
    kpis = "".join(
        f"  - {{id: k{n}, name: K, description: K, aggregate: count, events: [visit], unit: count}}\n"
        for n in range(6)
    )
    targets = "".join(f"  - {{kpi: k{n}, role: rep, period: month, value: 1}}\n" for n in range(6))
    text = BASE.replace("targets:\n", f"{kpis}targets:\n{targets}")
    assert any("role rep has targets on 6 KPIs" in str(warning) for warning in examine_plan(text)[2])


def test_a_plan_survives_its_json_form():
    plan = load_plan(BASE)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert Plan.model_validate_json(plan.model_dump_json(exclude_none=True)) == plan


def test_reading_from_a_file_names_the_file(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(BASE.replace("currency: CNY", "currency: 5"), encoding="utf-8")
    with pytest.raises(InvalidPlan, match=r"broken\.yaml:3: currency: "):
        load_plan(path)
    path.write_text(BASE, encoding="utf-8-sig")  # as saved by Windows editors
    assert load_plan(str(path)).plan == "p"


def test_every_description_language_is_kept():
    plan = load_plan(BASE.replace("name: Revenue", "name: {en: Revenue, zh: 销售额}"))
    assert plan.kpis[0].name.zh == "销售额"
