"""From earning lines to money: draws, payouts and payments. Pure, in Decimal."""
