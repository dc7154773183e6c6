"""The sentences of an explanation about rules: what they pay, for what, and what becomes of it."""

from __future__ import annotations

RULE_PHRASES: dict[str, dict[str, str]] = {
    "rule": {"en": "{name} ({rule}): {pays}{settle}.", "zh": "{name}（{rule}）：{pays}{settle}。"},
    "settle live": {"en": "; lost again when the value falls back", "zh": "；数值回落则撤销"},
    "settle sticky": {"en": "; kept once given", "zh": "；一经给出即保留"},
    "settle period_end": {"en": "; final once the period is closed", "zh": "；关账后最终确定"},
    "settle training live": {"en": "; withdrawn once the gap is closed", "zh": "；差距补上后撤回"},
    "settle training sticky": {"en": "; stays once given", "zh": "；一经推荐即保留"},
    "clawback as_paid": {
        "en": "; a refund takes back what its own sale was paid",
        "zh": "；退款按原销售当时所得冲回",
    },
    "bound": {"en": "  {name}from {bound}: {pays}", "zh": "  {name}达到 {bound}：{pays}"},
    "bound below": {"en": "  {name}at most {bound}: {pays}", "zh": "  {name}不高于 {bound}：{pays}"},
    "bounds count": {
        "en": "  No tier counts before there are {least}.",
        "zh": "  不足 {least}时各档均不计。",
    },
    "bound name": {"en": "{name}, ", "zh": "{name}，"},
    "bound in units": {"en": "{bound} ({value})", "zh": "{bound}（{value}）"},
    "bound in units below": {"en": "{bound} (at most {value})", "zh": "{bound}（不高于 {value}）"},
    "kept": {
        "en": "Told by version {version}: the plan now in force, version {now}, gives no part in the rule, and "
              "what was earned by then is kept.",
        "zh": "按第 {version} 版说明：现行的第 {now} 版不再给予此项，届时已得的金额予以保留。",
    },
    "pays marginal": {"en": "each rate pays its own slice", "zh": "分段计提，各档比例只适用于本档部分"},
    "pays slab": {"en": "the rate reached pays the whole value", "zh": "按达到的比例全额计提"},
    "pays flat": {"en": "the amount of the highest tier reached", "zh": "按达到的最高档发放固定金额"},
    "pays interpolated": {
        "en": "an amount between those of the tiers around the value",
        "zh": "在相邻两档金额之间按比例计算",
    },
    "pays nothing": {"en": "recognition, no money", "zh": "荣誉性质，不涉及金额"},
    "pays bonus": {"en": "{bonus} when all of its conditions are met", "zh": "全部条件满足时，{bonus}"},
    "pays any": {"en": "{bonus} when one of its conditions is met", "zh": "满足任一条件时，{bonus}"},
    "a bonus": {"en": "a bonus of {money}", "zh": "发放奖金 {money}"},
    "a promotion": {"en": "eligibility for promotion", "zh": "取得晋升资格"},
    "and": {"en": " and ", "zh": "并"},
    "recognition": {"en": "recognition", "zh": "予以表彰"},
    "pays nudge": {
        "en": "a reminder once the next tier of “{of}” is no more than {within} away; no money",
        "zh": "距「{of}」下一档不超过 {within} 时提醒，不涉及金额",
    },
    "pays forecast nudge": {
        "en": "a reminder, after {after} working days, when at the pace so far the period would end no more than "
              "{within} short of a tier of “{of}”; no money",
        "zh": "满 {after} 个工作日后，按当前进度期末距「{of}」某一档将差不超过 {within} 时提醒，不涉及金额",
    },
    "pays streak": {
        "en": "{bonus} when its conditions are met in {running}",
        "zh": "{running}满足条件时，{bonus}",
    },
    "pays streak out of": {
        "en": "{bonus} when its conditions are met in {periods} of {running}",
        "zh": "{running}中有 {periods}满足条件时，{bonus}",
    },
    "pays training": {
        "en": "recommends the course “{course}”, after {after} working days, while less than {below} of what is "
              "expected by then is reached; no money",
        "zh": "满 {after} 个工作日后，实际不足应有进度的 {below} 时推荐课程「{course}」，不涉及金额",
    },
    "pays training of periods": {
        "en": "recommends the course “{course}” after {running} that ended without reaching {bound}; no money",
        "zh": "{running}结束时未达到 {bound}，即推荐课程「{course}」，不涉及金额",
    },
    "pays personal best": {
        "en": "{bonus} for a {noun} that is better than every {noun} before it{ahead}; at least {periods} must count "
              "before",
        "zh": "单{noun}成绩优于此前每{noun}{ahead}（此前至少须有 {periods}有效）时，{bonus}",
    },
    "ahead": {"en": ", by {ahead} or more", "zh": " {ahead} 以上"},
    "pays honour": {
        "en": "for the {top}best of {within} by {kpi} ({by}; {ties}): {prize}",
        "zh": "{within}中{kpi}最好的 {top}名（{by}；{ties}），{prize}",
    },
    "each unit": {"en": "each {unit}", "zh": "每个{unit}"},
    "the company": {"en": "the company", "zh": "公司"},
    "one place": {"en": "", "zh": "1 "},
    "places": {"en": "{count} ", "zh": "{count} "},
    "by value": {"en": "by value", "zh": "按数值"},
    "by attainment": {"en": "by attainment", "zh": "按达成率"},
    "ties competition": {"en": "places after a tie are left out", "zh": "并列之后的名次空出"},
    "ties dense": {"en": "no place is left out after a tie", "zh": "并列之后的名次不空出"},
    "pays first": {
        "en": "for the {top}first of {within} to meet the conditions: {prize}",
        "zh": "{within}中最先满足条件的 {top}名，{prize}",
    },
    "pays pool": {"en": "{money} of {within}, {shared}", "zh": "{within}的 {money}，{shared}"},
    "shared by": {"en": "shared by {kpi}", "zh": "按{kpi}分配"},
    "shared equally": {"en": "in equal parts", "zh": "平均分配"},
    "pays spiff": {"en": "{money} for each event{capped}", "zh": "每个事件 {money}{capped}"},
    "field amount": {"en": "amount", "zh": "金额"},
    "capped": {"en": ", at most {cap} a period", "zh": "，每周期最多 {cap}"},
    "pays other": {"en": "kind {kind}", "zh": "类型 {kind}"},
}  # fmt: skip
