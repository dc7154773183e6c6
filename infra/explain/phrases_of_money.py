"""The sentences of an explanation about money: due, booked, why it cannot be told, and how far the next tier is."""

from __future__ import annotations

MONEY_PHRASES: dict[str, dict[str, str]] = {
    "slice": {
        "en": "  {low} to {high}: {part} × {rate} = {money}",
        "zh": "  {low} 至 {high}：{part} × {rate} = {money}",
    },
    "all slices": {"en": "  in all {money}", "zh": "  合计 {money}"},
    "flat": {"en": "  amount of the tier reached: {money}", "zh": "  所达档位的金额：{money}"},
    "between": {
        "en": "  {low_money} + ({value} − {low}) ÷ ({high} − {low}) × ({high_money} − {low_money}) = {money}",
        "zh": "  {low_money} +（{value} − {low}）÷（{high} − {low}）×（{high_money} − {low_money}）= {money}",
    },
    "hurdle": {
        "en": "  hurdle of {bound} not reached{short}: {before} becomes {after}",
        "zh": "  未达到起付门槛 {bound}{short}：{before} 变为 {after}",
    },
    "floor": {
        "en": "  floor: {before} raised by {change} to {after}",
        "zh": "  保底：{before} 提高 {change}，为 {after}",
    },
    "cap": {
        "en": "  cap: of {before}, {change} is withheld, {after} stays",
        "zh": "  封顶：{before} 中扣留 {change}，余 {after}",
    },
    "as paid": {
        "en": "  {type} {id}: {money}, its part of what the sale was paid; by the table it would be {table}",
        "zh": "  {type} {id}：{money}，按原销售当时所得计；若按档位表则为 {table}",
    },
    "as paid more": {"en": "  in all {change} more than by the table", "zh": "  合计比按档位表多 {change}"},
    "as paid less": {"en": "  in all {change} less than by the table", "zh": "  合计比按档位表少 {change}"},
    "due": {"en": "Due: {due}.", "zh": "应得：{due}。"},
    "due rounded": {"en": "Due: {due}, rounded once.", "zh": "应得：{due}（仅在最后四舍五入一次）。"},
    "due lines": {"en": "Due: {due}, each event rounded once.", "zh": "应得：{due}（每个事件各四舍五入一次）。"},
    "agrees": {"en": "Booked: {paid}: agrees.", "zh": "入账：{paid}：一致。"},
    "differs": {"en": "Booked: {paid}: DIFFERS by {difference}.", "zh": "入账：{paid}：相差 {difference}。"},
    "shares differ": {"en": "Booked: {paid} in all: parts of it DIFFER.", "zh": "共入账 {paid}：各人所得不一致。"},
    "beyond": {
        "en": "Booked: {paid}; not recomputed here: {why}.",
        "zh": "入账：{paid}；此处不重新计算：{why}。",
    },
    "why shape": {
        "en": "under an earlier version of the plan this rule was an award of another kind, or for other units, in the "
              "same period, and what that left standing has a part in this; its awards and lines by version are in "
              "bi.awards and bi.earnings",
        "zh": "在方案先前的版本中，该规则在同一周期内属于另一类型或针对另一种单位，其遗留状态影响本次结果；"
              "各版本的奖励与明细见 bi.awards 与 bi.earnings",
    },
    "why versions": {
        "en": "an earlier version of the plan decided on it, which kpistream.plan_versions does not hold; with its "
              "file and the events, kpistream explain --plan FILE --events FILE tells what it gives",
        "zh": "由方案先前的版本决定，而 kpistream.plan_versions 中没有该版本；可用该版本的文件和事件运行 "
              "kpistream explain --plan FILE --events FILE 查看其结果",
    },
    "why updates": {
        "en": "it was decided before the order of updates was kept in kpistream.updates; what was seen then stands in "
              "the awards, in bi.awards",
        "zh": "作出决定时 kpistream.updates 尚未保存更新顺序；当时的依据见 bi.awards 中的奖励记录",
    },
    "why settle": {
        "en": "whether the base rate was ever reached is not known from before the order of updates was kept in "
              "kpistream.updates; what was paid is in bi.earnings",
        "zh": "kpistream.updates 保存更新顺序之前是否曾达到基础比例已无从得知；已支付的金额见 bi.earnings",
    },
    "why rebuild": {
        "en": "a rebuild counted by another time zone, limit on the same customer or rule for late events than the "
              "credits had come under; what it set each day to is in bi.adjustments",
        "zh": "重建所依据的时区、同一客户限制或迟到事件规则与计入时不同；各日被设为何值见 bi.adjustments",
    },
    "why other": {"en": "it depends on {name}", "zh": "涉及 {name}"},
    "share": {"en": "  {who}: {due}, booked {paid}", "zh": "  {who}：{due}，入账 {paid}"},
    "share differs": {
        "en": "  {who}: {due} due, booked {paid}: DIFFERS",
        "zh": "  {who}：应得 {due}，入账 {paid}：不一致",
    },
    "line": {"en": "  {time}  {type} {id}{came}{of}  {amount}", "zh": "  {time}  {type} {id}{came}{of}  {amount}"},
    "line capped": {"en": "{amount} of {uncapped}, capped", "zh": "{amount}（应计 {uncapped}，已封顶）"},
    "line of": {"en": " ({field} {value})", "zh": "（{field} {value}）"},
    "line differs": {
        "en": "  {time}  {type} {id}{came}{of}  {amount} due, booked {paid}: DIFFERS",
        "zh": "  {time}  {type} {id}{came}{of}  应得 {amount}，入账 {paid}：不一致",
    },
    "not yet": {"en": "Not yet: {count} of {least}.", "zh": "尚未计入：需 {least}，现有 {count} 个。"},
    "gap": {"en": "Next tier: {bound}: {gap} to go by {until}.", "zh": "下一档 {bound}：{until}前还差 {gap}。"},
    "gap rolling": {"en": "Next tier: {bound}: {gap} to go.", "zh": "下一档 {bound}：还差 {gap}。"},
    "too much for": {"en": "Next tier: {bound}: over by {gap}.", "zh": "下一档 {bound}：超出 {gap}。"},
    "top": {"en": "The highest tier is reached.", "zh": "已达最高档。"},
}  # fmt: skip
