"""The sentences of an explanation in English and Chinese."""

from __future__ import annotations

from infra.explain.phrases_of_money import MONEY_PHRASES
from infra.explain.phrases_of_rules import RULE_PHRASES

PHRASES: dict[str, dict[str, str]] = RULE_PHRASES | MONEY_PHRASES | {
    # --- an award, and what decided it -------------------------------------------------------------------------------
    "award": {
        "en": "{who}: {name} for {period}: {state}{again}. Plan {plan}, version {version}; times are those of {zone}.",
        "zh": "{who}：{period}的{name}：{state}{again}。依据方案 {plan} 第 {version} 版；时间按时区 {zone}。",
    },
    "again": {"en": " (number {sequence} of the period)", "zh": "（本期第 {sequence} 次）"},
    "crossed": {
        "en": "Decided by {type} {id} of {time} (from {source}; place in the log {position}). Bound: {threshold}.",
        "zh": "由 {time} 的{type} {id} 触发（来源 {source}，日志位置 {position}）。门槛：{threshold}。",
    },
    "crossed plan": {
        "en": "Decided as the plan took effect at {time} ({id}; place in the log {position}). Bound: {threshold}.",
        "zh": "因方案于 {time} 生效而重新判定（{id}，日志位置 {position}）。门槛：{threshold}。",
    },
    "crossed close": {
        "en": "Decided as the period was closed at {time} ({id}; place in the log {position}). Bound: {threshold}.",
        "zh": "于 {time} 关账时判定（{id}，日志位置 {position}）。门槛：{threshold}。",
    },
    "crossed close undated": {
        "en": "Decided as the period was closed ({id}; place in the log {position}). Bound: {threshold}.",
        "zh": "于关账时判定（{id}，日志位置 {position}）。门槛：{threshold}。",
    },
    "crossed adjustment": {
        "en": "Decided by an adjustment at {time} ({id}; place in the log {position}). Bound: {threshold}.",
        "zh": "因 {time} 的人工调整而判定（{id}，日志位置 {position}）。门槛：{threshold}。",
    },
    "crossed kpi-update": {
        "en": "Decided by an update of its people's values ({id}; place in the log {position}). Bound: {threshold}.",
        "zh": "由成员数值的更新触发（{id}，日志位置 {position}）。门槛：{threshold}。",
    },
    "placed": {
        "en": "The award states the place {said}; recomputed {found}: {verdict}.",
        "zh": "奖励记录的名次为 {said}；重新计算为 {found}：{verdict}。",
    },
    "close to": {"en": "close to {name}", "zh": "接近{name}"},
    "a course": {"en": "the course {name}", "zh": "课程{name}"},
    "nudged": {"en": "reminder", "zh": "提醒"},
    "recommended": {"en": "recommended", "zh": "推荐"},
    "withdrawn": {"en": "no longer recommended", "zh": "不再推荐"},
    "provisional": {"en": "provisional", "zh": "暂定"},
    "final": {"en": "final", "zh": "已生效"},
    "revoked": {"en": "revoked", "zh": "已撤销"},
    "revoked for good": {
        "en": "revoked (by this rule it is not given again in the same period)",
        "zh": "已撤销（按本规则同一周期内不再授予）",
    },
    # --- a period ----------------------------------------------------------------------------------------------------
    "heading": {
        "en": "{who}, {period}: {earned} earned. Plan {plan}, version {version}; times are those of {zone}.",
        "zh": "{who}，{period}：合计 {earned}。依据方案 {plan} 第 {version} 版；时间按时区 {zone}。",
    },
    "outcome": {"en": "  {name}: {outcome}", "zh": "  {name}：{outcome}"},
    "outcome part": {"en": "{part}, a part of {whole}", "zh": "{part}（总额 {whole}中的份额）"},
    "outcome nothing": {"en": "nothing", "zh": "无"},
    "outcome not met": {"en": "not reached: {why}", "zh": "未达成：{why}"},
    "outcome gap": {"en": "nothing, {gap} to the first tier", "zh": "无，距第一档还差 {gap}"},
    "outcome sample": {"en": "nothing yet, {count} of {least}", "zh": "尚无，需 {least}，现有 {count} 个"},
    "why not": {"en": "{name} {why}", "zh": "{name}{why}"},
    "outcome recommended": {"en": "recommended: {names}", "zh": "推荐{names}"},
    "outcome withdrawn": {"en": "no longer recommended: {names}", "zh": "不再推荐{names}"},
    "outcome revoked": {"en": "nothing, taken back: {names}", "zh": "无，已撤销：{names}"},
    "award line": {
        "en": "Award: {name}, {state}; kpistream explain {id}",
        "zh": "奖励：{name}，{state}；详见 kpistream explain {id}",
    },
    "told line": {
        "en": "{state}: {name}; kpistream explain {id}",
        "zh": "{state}：{name}；详见 kpistream explain {id}",
    },
    "nothing": {"en": "Nothing to explain for {who} in {period}.", "zh": "{who}在{period}没有可说明的内容。"},
    "by plan_change": {
        "en": "Of what is booked, {amount} came with version {version} of the plan.",
        "zh": "入账金额中 {amount}由方案第 {version} 版生效带来。",
    },
    "by adjustment": {
        "en": "Of what is booked, {amount} came by an adjustment under version {version} of the plan.",
        "zh": "入账金额中 {amount}由方案第 {version} 版下的人工调整带来。",
    },
    "posted elsewhere": {
        "en": "Of what is booked, {amount} is posted in {where}, since {period} was closed.",
        "zh": "入账金额中 {amount}因{period}已关账而计入{where}。",
    },
    "posted here": {
        "en": "  {name} of {period}, posted here since that is closed: {amount}; kpistream explain {who} {key}",
        "zh": "  {period}的{name}，因该期已关账而计入本期：{amount}；详见 kpistream explain {who} {key}",
    },
    # --- KPIs and the credits behind them ----------------------------------------------------------------------------
    "kpi": {"en": "{name}: {value} from {events}{target}.", "zh": "{name}：{value}，共 {events}{target}。"},
    "kpi target": {"en": "; target {target}, attainment {attainment}", "zh": "；目标 {target}，达成率 {attainment}"},
    "target parts": {"en": "  The target: {parts}.", "zh": "  目标构成：{parts}。"},
    "target part": {"en": "{value}{ramp}{days}", "zh": "{value}{ramp}{days}"},
    "target ramp": {"en": " × {ramp} (ramp)", "zh": " × {ramp}（爬坡期）"},
    "target days": {"en": " × {days} of {whole} days", "zh": " × {days}/{whole} 天"},
    "target working days": {"en": " × {days} of {whole} working days", "zh": " × {days}/{whole} 个工作日"},
    "kpi no target": {"en": "; no target", "zh": "；无目标"},
    "events": {"en": "{count} events", "zh": "{count} 个事件"},
    "event": {"en": "{count} event", "zh": "{count} 个事件"},
    "kpis": {"en": "{count} KPIs", "zh": "{count} 个指标"},
    "score": {"en": "{name}: {value} from {sample}.", "zh": "{name}：得分 {value}，由 {sample}得出。"},
    "part": {
        "en": "  {name}: {weight} × {attainment} = {points}",
        "zh": "  {name}：{weight} × {attainment} = {points}",
    },
    "part capped": {
        "en": "  {name}: {weight} × {cap} (attainment {attainment}, counted up to {cap}) = {points}",
        "zh": "  {name}：{weight} × {cap}（达成率 {attainment}，最多计 {cap}）= {points}",
    },
    "part few": {
        "en": "  {name}: {weight}, no attainment from so little as {sample}",
        "zh": "  {name}：{weight}，仅 {sample}，不计达成率",
    },
    "part none": {"en": "  {name}: {weight}, no attainment", "zh": "  {name}：{weight}，无达成率"},
    "said": {
        "en": "  The award states {value}{attainment}, {events}: {verdict}.",
        "zh": "  奖励记录为 {value}{attainment}，{events}：{verdict}。",
    },
    "said attainment": {"en": ", attainment {attainment}", "zh": "，达成率 {attainment}"},
    "window": {
        "en": "  Over the {days} days up to {last}; earlier credits have left the window.",
        "zh": "  截至{last}的 {days} 天；更早的记录已移出窗口。",
    },
    "whole": {
        "en": "About {unit} as a whole; a shared event counts once.",
        "zh": "针对{unit}整体；共享的事件只计一次。",
    },
    "team": {"en": "team", "zh": "团队"},
    "department": {"en": "department", "zh": "部门"},
    "company": {"en": "company", "zh": "公司"},
    "no unit": {"en": "no {kind} at all", "zh": "无所属{kind}"},
    "unit": {"en": "the {kind} {name}", "zh": "{kind}「{name}」"},
    "manager": {"en": "all that {name} leads", "zh": "{name} 所负责的全部单位"},
    "step": {
        "en": "  {time}  {type} {id}{came}  {part}  → {value}",
        "zh": "  {time}  {type} {id}{came}  {part}  → {value}",
    },
    "counts on": {"en": " (counts on {day})", "zh": "（计入{day}）"},
    "came": {
        "en": " ({now}{amount} at {rate}, the rate since {since}{up_to})",
        "zh": "（{now}{amount}，按{since}起的汇率 {rate} 折算{up_to}）",
    },
    "came as its sale": {
        "en": " ({now}{amount} at {rate}, as its sale, the rate since {since}{up_to})",
        "zh": "（{now}{amount}，与其销售一样按{since}起的汇率 {rate} 折算{up_to}）",
    },
    "came now": {"en": "now ", "zh": "改为 "},
    "came up to": {"en": "; up to {cap} counts", "zh": "，最多计入 {cap}"},
    "share of": {"en": " ({share} share)", "zh": "（占 {share}）"},
    "skipped": {"en": "  … {count} more …", "zh": "  ……中间还有 {count} 条……"},
    "above": {"en": "  (the {count} credits are listed above)", "zh": "  （{count} 条计入记录见上文）"},
    "left out": {
        "en": "  {time}  {type} {id}: not counted, beyond {most} of the same customer ({customer}) in one {per}",
        "zh": "  {time}  {type} {id}：不计入，同一客户（{customer}）{per}最多计 {most} 次",
    },
    "per day": {"en": "day", "zh": "每天"},
    "per week": {"en": "week", "zh": "每周"},
    "per month": {"en": "month", "zh": "每月"},
    "sale left out": {
        "en": "  {time}  {type} {id}: not counted, as the sale that it is about ({sale})",
        "zh": "  {time}  {type} {id}：不计入，其对应的销售（{sale}）未计入",
    },
    # --- conditions --------------------------------------------------------------------------------------------------
    "condition": {"en": "  Condition: {text}: {verdict}.", "zh": "  条件：{text}：{verdict}。"},
    "asks attainment": {
        "en": "{name} at least {bound} of the target{sample}",
        "zh": "{name}达成率不低于 {bound}{sample}",
    },
    "asks attainment in units": {
        "en": "{name} at least {bound} of the target ({value}){sample}",
        "zh": "{name}达成率不低于 {bound}（{value}）{sample}",
    },
    "asks attainment below": {
        "en": "{name} at {bound} of the target or better (at most {value}){sample}",
        "zh": "{name}达成率不低于 {bound}（即不高于 {value}）{sample}",
    },
    "asks value": {"en": "{name} at least {bound}{sample}", "zh": "{name}不低于 {bound}{sample}"},
    "asks value below": {"en": "{name} at most {bound}{sample}", "zh": "{name}不高于 {bound}{sample}"},
    "asks sample": {"en": ", from at least {sample}", "zh": "，且不少于 {sample}"},
    "yes": {"en": "met", "zh": "满足"},
    "no": {"en": "not met", "zh": "未满足"},
    "not met": {"en": "not met ({why})", "zh": "未满足（{why}）"},
    "short": {"en": "{gap} short", "zh": "还差 {gap}"},
    "too much": {"en": "over by {gap}", "zh": "超出 {gap}"},
    "too few": {"en": "only {sample}", "zh": "仅 {sample}"},
    "no value": {"en": "no value yet", "zh": "尚无数值"},
    "no target": {"en": "no target", "zh": "无目标"},
    "and then": {"en": ", ", "zh": "，"},
    "next": {"en": "; ", "zh": "；"},
    # --- pace, forecasts, other periods ------------------------------------------------------------------------------
    "expected": {
        "en": "Expected by the end of {as_of}: {expected}, {gone} of {days} working days; pace {pace}: {verdict}.",
        "zh": "截至{as_of}应达到 {expected}（{days} 个工作日已过 {gone} 个）；进度 {pace}：{verdict}。",
    },
    "forecast": {
        "en": "At this pace the period ends at {forecast}: {verdict}.",
        "zh": "按此进度期末将达到 {forecast}：{verdict}。",
    },
    "judged": {"en": "  {period}: {values}: {verdict}", "zh": "  {period}：{values}：{verdict}"},
    "skipped for workdays": {
        "en": "  {period}: passed over, without a working day",
        "zh": "  {period}：跳过，没有工作日",
    },
    "skipped for target": {"en": "  {period}: passed over, without a target", "zh": "  {period}：跳过，没有目标"},
    "elsewhere": {
        "en": "{name} in {period}: {value} from {events}; the award states {stated}: {verdict}.",
        "zh": "{name}（{period}）：{value}，共 {events}；奖励记录为 {stated}：{verdict}。",
    },
    "best": {
        "en": "  {period}: {value} from {events}, the best before",
        "zh": "  {period}：{value}，共 {events}，此前最佳",
    },
    "earlier": {"en": "  {period}: {value} from {events}", "zh": "  {period}：{value}，共 {events}"},
    "needed": {
        "en": "  Needed: {value}, {ahead} better than the best before: {verdict}.",
        "zh": "  须达到：{value}（比此前最佳好 {ahead}）：{verdict}。",
    },
    "needed more": {
        "en": "  Needed: better than the best before: {verdict}.",
        "zh": "  须优于此前最佳：{verdict}。",
    },
    "too few needed": {
        "en": "  Only {sample}; {least} are needed.",
        "zh": "  仅 {sample}，须有 {least}。",
    },
    "too early": {
        "en": "  Too early: {count} before it with enough events; {periods} needed.",
        "zh": "  为时尚早：此前有效的仅 {count}，须有 {periods}。",
    },
    "does not count": {
        "en": "  {period}: {value} from {events}, does not count",
        "zh": "  {period}：{value}，共 {events}，不计",
    },
    # --- people who are compared -------------------------------------------------------------------------------------
    "compared": {
        "en": "Compared within {unit}: {chosen} of {count} chosen.",
        "zh": "在{unit}内比较：{count} 人，其中 {chosen} 人入选。",
    },
    "compared units": {
        "en": "The race within {unit}: {chosen} of {count} units with a place.",
        "zh": "{unit}内的竞赛：{count} 个单位，其中 {chosen} 个取得名次。",
    },
    "waits": {
        "en": "Nothing is decided before {period} is closed; these are the standings so far.",
        "zh": "{period}关账后才作决定；以下为目前的情况。",
    },
    "candidate": {"en": "  {place}  {who}: {figures}{more}", "zh": "  {place}  {who}：{figures}{more}"},
    "figure": {"en": "{name} {value} ({events})", "zh": "{name} {value}（{events}）"},
    "figure of target": {
        "en": "{name} {value} of {target}, {attainment} ({events})",
        "zh": "{name} {value}，目标 {target}，达成率 {attainment}（{events}）",
    },
    "check": {"en": "; {text}: {verdict}", "zh": "；{text}：{verdict}"},
    "since": {"en": "; since place {offset} in the order of updates", "zh": "；自更新顺序第 {offset} 位起"},
    "weight": {"en": "; counts as {weight}", "zh": "；权重 {weight}"},
    "money": {"en": "; due {due}, booked {paid}", "zh": "；应得 {due}，入账 {paid}"},
    "money differs": {"en": "; due {due}, booked {paid}: DIFFERS", "zh": "；应得 {due}，入账 {paid}：不一致"},
    "award differs": {"en": "; an award stands: DIFFERS", "zh": "；存在奖励：不一致"},
    "award missing": {"en": "; no award stands: DIFFERS", "zh": "；没有奖励：不一致"},
    "stranger": {
        "en": "  –  {who}: an award stands, though not among those compared: DIFFERS",
        "zh": "  –  {who}：不在比较之列却存在奖励：不一致",
    },
    "left the plan": {"en": "  –  {who}: left the plan and keeps {paid}", "zh": "  –  {who}：已离开方案，保留 {paid}"},
    "more people": {"en": "  … {count} more people …", "zh": "  ……另有 {count} 人……"},
    "pool": {"en": "The pool: {money} = {total}, rounded once.", "zh": "奖金池：{money} = {total}（仅四舍五入一次）。"},
    "pool empty": {"en": "The pool stays empty.", "zh": "奖金池为空。"},
    "pool floor": {
        "en": "The pool opens at {bound} of the unit{sample}: {verdict}.",
        "zh": "奖金池启动线（单位 {bound}{sample}）：{verdict}。",
    },
    # --- draws -------------------------------------------------------------------------------------------------------
    "draws": {
        "en": "Payouts, with what a draw lends, gives and takes back:",
        "zh": "各期支付，包括提成预支的借出、补足与收回：",
    },
    "draw": {
        "en": "  {period}: earned {earned}{draw}{parts}; pays {amount}{owed}: {verdict}.",
        "zh": "  {period}：所得 {earned}{draw}{parts}；支付 {amount}{owed}：{verdict}。",
    },
    "draw said": {
        "en": "    The payout states: earned {earned}{draw}{parts}; pays {amount}{owed}.",
        "zh": "    支付记录为：所得 {earned}{draw}{parts}；支付 {amount}{owed}。",
    },
    "a recoverable draw": {"en": "; draw {name} of {amount}, to be recovered", "zh": "；预支{name} {amount}，须收回"},
    "a guarantee draw": {"en": "; guaranteed {amount} ({name})", "zh": "；保底 {amount}（{name}）"},
    "guarantee": {"en": "; made up by {amount}", "zh": "；补足 {amount}"},
    "advance": {"en": "; advanced {amount}", "zh": "；借出 {amount}"},
    "recovery": {"en": "; recovered {amount}", "zh": "；收回 {amount}"},
    "outstanding": {"en": ", still to be recovered {amount}", "zh": "，尚待收回 {amount}"},
    "draw part": {"en": "    {rule}, {period}: {amount}", "zh": "    {rule}，{period}：{amount}"},
    "not paid out": {"en": "no payout yet", "zh": "尚未生成支付"},
    # --- verdicts ----------------------------------------------------------------------------------------------------
    "apart": {
        "en": "While events come in, tables can be a moment apart: ask again once the loader has caught up.",
        "zh": "事件仍在流入时，各表之间可能有片刻的时间差：请待装载完成后再查询一次。",
    },
    "same": {"en": "agrees", "zh": "一致"},
    "other": {"en": "DIFFERS", "zh": "不一致"},
    "none": {"en": "none", "zh": "无"},
}  # fmt: skip


def say(language: str, phrase: str, **words: object) -> str:
    """One sentence."""
    return PHRASES[phrase][language].format(**words)
