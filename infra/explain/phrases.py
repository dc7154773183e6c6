"""The sentences of an explanation in English and Chinese."""

from __future__ import annotations

PHRASES: dict[str, dict[str, str]] = {
    "award": {
        "en": "{who} · {name} · {period_kind} {period}: {state} (number {sequence}), plan {plan} version {version}.",
        "zh": "{who} · {name} · {period_kind} {period}：{state}（第 {sequence} 次），依据方案 {plan} 第 {version} 版。",
    },
    "rule": {
        "en": "Rule {rule}: {name}, {pays}, settled {settle}, plan {plan} version {version}.",
        "zh": "规则 {rule}：{name}，{pays}，结算方式 {settle}，方案 {plan} 第 {version} 版。",
    },
    "bound": {"en": "  from {bound}: {pays}", "zh": "  达到 {bound}：{pays}"},
    "crossed": {
        "en": "Decided by event {id} ({type}, from {source}) of {time}; log position {position}. Bound: {threshold}.",
        "zh": "触发事件 {id}（{type}，来源 {source}），时间 {time}；日志位置 {position}。门槛：{threshold}。",
    },
    "kpi": {
        "en": "{name} ({kpi}): {value} from {sample} events; target {target}; attainment {attainment}.",
        "zh": "{name}（{kpi}）：{value}，共 {sample} 个事件；目标 {target}；达成率 {attainment}。",
    },
    "said": {
        "en": "  The award states {value}, attainment {attainment}, {sample} events: {verdict}.",
        "zh": "  奖励记录为 {value}，达成率 {attainment}，{sample} 个事件：{verdict}。",
    },
    "score": {
        "en": "{name} ({kpi}): score {value} % from {sample} KPIs; target {target}; attainment {attainment}.",
        "zh": "{name}（{kpi}）：得分 {value} %，共 {sample} 个指标；目标 {target}；达成率 {attainment}。",
    },
    "part": {
        "en": "  {name}: {weight} × attainment {attainment} (counted up to {cap}) = {points}",
        "zh": "  {name}：{weight} × 达成率 {attainment}（最多计 {cap}）= {points}",
    },
    "window": {
        "en": "  Over the {days} days up to {last}; earlier credits have left the window.",
        "zh": "  截至 {last} 的 {days} 天；更早的计入记录已移出窗口。",
    },
    "whole": {"en": "About the whole {unit}; a shared event counts once.",
              "zh": "针对整个{unit}；共享的事件只计一次。"},
    "team": {"en": "team", "zh": "团队"},
    "department": {"en": "department", "zh": "部门"},
    "company": {"en": "company", "zh": "公司"},
    "manager": {"en": "units led by", "zh": "所领导的单位，负责人"},
    "share": {"en": "  {who}: {due}, paid {paid}", "zh": "  {who}：{due}，已付 {paid}"},
    "share differs": {"en": "  {who}: {due} due, paid {paid}: DIFFERS",
                      "zh": "  {who}：应得 {due}，已付 {paid}：不一致"},
    "line differs": {"en": "  {id}  {amount} {currency} due, paid {paid}: DIFFERS",
                     "zh": "  {id}  应得 {amount} {currency}，已付 {paid}：不一致"},
    "shares differ": {"en": "Paid: {paid} {currency} in all: parts of it DIFFER.",
                      "zh": "共付：{paid} {currency}：各人所得不一致。"},
    "as paid": {
        "en": "  refunds reversed what their sales were paid: {change} beside what the value says",
        "zh": "  退款按其销售原付金额冲回：在按数值计算之外 {change}",
    },
    "step": {
        "en": "  {time}  {id}  {type}  {part}  → {value}",
        "zh": "  {time}  {id}  {type}  {part}  → {value}",
    },
    "skipped": {"en": "  … {count} more credits in between …", "zh": "  ……中间还有 {count} 条计入记录……"},
    "left out": {
        "en": "  {time}  {id}  {type}: not counted, beyond {most} of the same customer ({customer}) in one {per}",
        "zh": "  {time}  {id}  {type}：不计入，同一客户（{customer}）在同一 {per} 内最多计 {most} 次",
    },
    "sale left out": {
        "en": "  {time}  {id}  {type}: not counted, as the sale that it is about ({sale})",
        "zh": "  {time}  {id}  {type}：不计入，其销售（{sale}）未计入",
    },
    "condition": {"en": "  Condition {text}: {verdict}.", "zh": "  条件 {text}：{verdict}。"},
    "slice": {"en": "  {low} to {high}: {part} × {rate} = {money}",
              "zh": "  {low} 至 {high}：{part} × {rate} = {money}"},
    "flat": {"en": "  tier amount: {money}", "zh": "  档位金额：{money}"},
    "hurdle": {"en": "  hurdle not reached: {before} becomes {after} ({change})",
               "zh": "  未达到门槛：{before} 变为 {after}（{change}）"},
    "floor": {"en": "  floor: {before} raised by {change} to {after}",
              "zh": "  保底：{before} 提高 {change}，为 {after}"},
    "cap": {"en": "  cap: of {before}, {change} is withheld, {after} paid",
            "zh": "  封顶：{before} 中扣留 {change}，支付 {after}"},
    "due": {"en": "Due: {due} {currency}, rounded once.", "zh": "应得：{due} {currency}（仅一次四舍五入）。"},
    "due lines": {"en": "Due: {due} {currency}, each event rounded once.",
                  "zh": "应得：{due} {currency}（每个事件仅一次四舍五入）。"},
    "agrees": {"en": "Paid: {paid} {currency}: agrees.", "zh": "已付：{paid} {currency}：一致。"},
    "differs": {
        "en": "Paid: {paid} {currency}: DIFFERS by {difference}.",
        "zh": "已付：{paid} {currency}：相差 {difference}。",
    },
    "beyond": {
        "en": "Paid: {paid} {currency}; not recomputed here, since it depends on {what}.",
        "zh": "已付：{paid} {currency}；此处不重新计算，因为涉及 {what}。",
    },
    "why shape": {"en": "an earlier version of the plan, under which the rule had another kind, period or unit",
                  "zh": "方案先前的版本，当时该规则的类型、周期或单位不同"},
    "why versions": {"en": "an earlier version of the plan, which is not at hand",
                     "zh": "方案先前的版本，现已无法取得"},
    "why updates": {"en": "the order of updates, which was not kept yet", "zh": "当时尚未保存的更新顺序"},
    "why settle": {"en": "what stood on the way, of which nothing is left", "zh": "已无记录的中间状态"},
    "why rebuild": {"en": "what a rebuild counted otherwise", "zh": "重建时另行计入的内容"},
    "kept": {
        "en": "Told by version {version}: the plan now in force, version {now}, gives no part in the rule, and "
              "what was paid by then is kept.",
        "zh": "按第 {version} 版说明：现行的第 {now} 版不再给予此项，届时已付的金额予以保留。",
    },
    "gap": {"en": "Next tier at {bound}: {gap} to go.", "zh": "下一档 {bound}：还差 {gap}。"},
    "top": {"en": "No tier above.", "zh": "已是最高档。"},
    "nothing": {"en": "Nothing to explain for {who} in {period}.", "zh": "{who} 在 {period} 没有可解释的内容。"},
    "heading": {"en": "{who} in {period}: {rules} rules, {paid} {currency} paid.",
                "zh": "{who} 在 {period}：{rules} 条规则，已付 {paid} {currency}。"},
    "yes": {"en": "holds", "zh": "成立"},
    "no": {"en": "does not hold", "zh": "不成立"},
    "same": {"en": "agrees", "zh": "一致"},
    "other": {"en": "DIFFERS", "zh": "不一致"},
    "none": {"en": "none", "zh": "无"},
    "provisional": {"en": "provisional", "zh": "暂定"},
    "final": {"en": "final", "zh": "生效"},
    "revoked": {"en": "revoked", "zh": "已撤销"},
    "pays marginal": {"en": "each rate pays its own slice", "zh": "各档费率只付本档部分"},
    "pays slab": {"en": "the rate reached pays everything", "zh": "达到的费率适用于全部"},
    "pays flat": {"en": "the amount of the tier reached", "zh": "按达到的档位付固定金额"},
    "pays interpolated": {"en": "an amount between those of the tiers around it", "zh": "在相邻两档金额之间按比例计算"},
    "pays nothing": {"en": "no money", "zh": "不付金额"},
    "pays bonus": {"en": "bonus {bonus} when all of its conditions hold", "zh": "条件全部成立时发奖金 {bonus}"},
    "pays any": {"en": "bonus {bonus} when one of its conditions holds", "zh": "任一条件成立时发奖金 {bonus}"},
    "pays nudge": {
        "en": "told when the next tier of {of} is within {within}, no money",
        "zh": "距 {of} 的下一档不超过 {within} 时提醒，不付金额",
    },
    "pays forecast nudge": {
        "en": "told when at this pace the period ends short of a tier of {of} by {within} at most, from {after} "
              "working days on, no money",
        "zh": "自第 {after} 个工作日起，按当前进度期末距 {of} 的某一档不足且差距不超过 {within} 时提醒，不付金额",
    },
    "forecast": {
        "en": "At this pace the period ends at {forecast}: {verdict}.",
        "zh": "按此进度期末将达到 {forecast}：{verdict}。",
    },
    "pays streak": {
        "en": "bonus {bonus} when its conditions hold in {periods} of {out_of} periods (the last of them is shown)",
        "zh": "{out_of} 个周期中有 {periods} 个满足条件时发奖金 {bonus}（下列为最后一个周期）",
    },
    "pays training": {
        "en": "recommends “{course}” while less than {below} of what is expected by then is reached, from {after} "
              "working days on, no money",
        "zh": "自第 {after} 个工作日起，未达到应有进度的 {below} 时推荐课程「{course}」，不付金额",
    },
    "pays training of periods": {
        "en": "recommends “{course}” after {periods} periods running that ended without reaching {bound}, no money",
        "zh": "连续 {periods} 个周期结束时未达到 {bound} 则推荐课程「{course}」，不付金额",
    },
    "expected": {
        "en": "Expected by the end of {as_of}: {expected}, {gone} of {days} working days; pace {pace}: {verdict}.",
        "zh": "截至 {as_of} 应达到 {expected}（{days} 个工作日已过 {gone} 个）；进度 {pace}：{verdict}。",
    },
    "pays personal best": {
        "en": "for a period better, by {ahead}, than every earlier one, of which {periods} must count; bonus {bonus}",
        "zh": "优于此前所有周期（至少 {periods} 个）且领先 {ahead} 的周期，奖金 {bonus}",
    },
    "judged": {"en": "  {period}: {values}: {verdict}", "zh": "  {period}：{values}：{verdict}"},
    "elsewhere": {
        "en": "{name} in {period}: {value} from {sample} events; the award states {stated}: {verdict}.",
        "zh": "{name}（{period}）：{value}，共 {sample} 个事件；奖励记录为 {stated}：{verdict}。",
    },
    "best": {
        "en": "  {period}: {value} from {sample} events, the best before",
        "zh": "  {period}：{value}，共 {sample} 个事件，此前最佳",
    },
    "earlier": {"en": "  {period}: {value} from {sample} events", "zh": "  {period}：{value}，共 {sample} 个事件"},
    "does not count": {
        "en": "  {period}: {value} from {sample} events, does not count",
        "zh": "  {period}：{value}，共 {sample} 个事件，不计",
    },
    "pays honour": {
        "en": "the best {top} of a {unit} by {kpi} ({by}; {ties}), prize {prize}",
        "zh": "每个{unit}中 {kpi} 最好的 {top} 名（{by}；{ties}），奖金 {prize}",
    },
    "by value": {"en": "by value", "zh": "按数值"},
    "by attainment": {"en": "by attainment", "zh": "按达成率"},
    "ties competition": {"en": "places after a tie are left out", "zh": "并列之后的名次空出"},
    "ties dense": {"en": "no place is left out after a tie", "zh": "并列之后的名次不空出"},
    "pays first": {
        "en": "the first {places} of a {unit} of whom the conditions hold, prize {prize}",
        "zh": "每个{unit}中最先满足条件的 {places} 名，奖金 {prize}",
    },
    "pays pool": {"en": "{money} of a {unit}, {shared}", "zh": "每个{unit} {money}，{shared}"},
    "shared by": {"en": "shared by {kpi}", "zh": "按 {kpi} 分配"},
    "shared equally": {"en": "in equal parts", "zh": "平均分配"},
    "compared": {"en": "Compared within {unit}: {count} people, {chosen} of them chosen.",
                 "zh": "在{unit} 内比较：{count} 人，其中 {chosen} 人入选。"},
    "compared units": {"en": "The race within {unit}: {count} units, {chosen} of them with a place.",
                       "zh": "{unit} 内的竞赛：{count} 个单位，其中 {chosen} 个取得名次。"},
    "waits": {"en": "Nothing is decided before {period} is closed; these are the standings so far.",
              "zh": "{period} 关账后才作决定；以下为目前的情况。"},
    "candidate": {"en": "  {place}  {who}: {figures}{more}", "zh": "  {place}  {who}：{figures}{more}"},
    "figure": {"en": "{name} {value} ({sample} events)", "zh": "{name} {value}（{sample} 个事件）"},
    "figure of target": {"en": "{name} {value} of {target}, {attainment} ({sample} events)",
                         "zh": "{name} {value}，目标 {target}，达成率 {attainment}（{sample} 个事件）"},
    "check": {"en": "; {text} {verdict}", "zh": "；{text} {verdict}"},
    "since": {"en": "; since place {offset} of kpi-updates", "zh": "；自 kpi-updates 第 {offset} 位起"},
    "weight": {"en": "; counts as {weight}", "zh": "；权重 {weight}"},
    "money": {"en": "; due {due}, paid {paid}", "zh": "；应得 {due}，已付 {paid}"},
    "money differs": {"en": "; due {due}, paid {paid}: DIFFERS", "zh": "；应得 {due}，已付 {paid}：不一致"},
    "award differs": {"en": "; an award stands: DIFFERS", "zh": "；存在奖励：不一致"},
    "award missing": {"en": "; no award stands: DIFFERS", "zh": "；没有奖励：不一致"},
    "stranger": {"en": "  –  {who}: an award stands, though not among those compared: DIFFERS",
                 "zh": "  –  {who}：不在比较之列却存在奖励：不一致"},
    "left the plan": {"en": "  –  {who}: left the plan and keeps {paid}", "zh": "  –  {who}：已离开方案，保留 {paid}"},
    "more people": {"en": "  … {count} more people …", "zh": "  ……另有 {count} 人……"},
    "pool": {"en": "The pool: {money} = {total} {currency}, rounded once.",
             "zh": "奖金池：{money} = {total} {currency}（仅一次四舍五入）。"},
    "pool floor": {"en": "The unit's floor {bound}: {verdict}.", "zh": "单位的底线 {bound}：{verdict}。"},
    "placed": {"en": "The award states the place {said}; recomputed {found}: {verdict}.",
               "zh": "奖励记录的名次为 {said}；重新计算为 {found}：{verdict}。"},
    "draws": {"en": "Payouts of {kind} periods, with what draws lend, give and take back:",
              "zh": "{kind} 周期的支付，包括提成预支的借出、补足与收回："},
    "draw": {
        "en": "  {period}: earned {earned}, draw {draw}: guarantee {guarantee}, advance {advance}, "
              "recovery {recovery}; pays {amount}, still to be recovered {outstanding}: {verdict}.",
        "zh": "  {period}：所得 {earned}，预支 {draw}：补足 {guarantee}，借出 {advance}，收回 {recovery}；"
              "支付 {amount}，尚待收回 {outstanding}：{verdict}。",
    },
    "draw said": {
        "en": "    The payout states: earned {earned}, draw {draw}: guarantee {guarantee}, advance {advance}, "
              "recovery {recovery}; pays {amount}, still to be recovered {outstanding}.",
        "zh": "    支付记录为：所得 {earned}，预支 {draw}：补足 {guarantee}，借出 {advance}，收回 {recovery}；"
              "支付 {amount}，尚待收回 {outstanding}。",
    },
    "draw part": {"en": "    {rule} of {period}: {amount}", "zh": "    {rule}（{period}）：{amount}"},
    "not paid out": {"en": "no payout yet", "zh": "尚未生成支付"},
    "pays spiff": {"en": "for each event {money}", "zh": "每个事件 {money}"},
    "capped": {"en": ", at most {cap} a period", "zh": "，每周期最多 {cap}"},
    "line": {"en": "  {id}  {amount} {currency}", "zh": "  {id}  {amount} {currency}"},
    "pays other": {"en": "kind {kind}", "zh": "类型 {kind}"},
}  # fmt: skip


def say(language: str, phrase: str, **words: object) -> str:
    """One sentence."""
    return PHRASES[phrase][language].format(**words)
