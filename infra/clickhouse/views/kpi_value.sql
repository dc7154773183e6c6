-- The value of a KPI, of sums c and definition k. As in the engine, nothing below the line or less than that is no value:
-- sales given away on another day than they were counted leave a ratio such days.
multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques{window}, 4),
        k.aggregate = 'min', c.smallest{window},
        k.aggregate = 'max', c.largest{window},
        k.aggregate IN ('mean', 'ratio'), if(c.lower{window} <= 0, NULL, reinterpret(toInt64(sign(c.upper{window}) * intDiv(
            2 * abs(toInt256(c.upper{window} * 10000)) * k.factor * 10000 + toInt256(c.lower{window} * 10000),
            greatest(2 * toInt256(c.lower{window} * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper{window} AS Decimal(18, 4)))
