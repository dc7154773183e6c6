INSERT INTO default.peer_awards
SELECT employee, month, tier FROM (SELECT employee, month, sum(cents) AS cents FROM default.peer_sums GROUP BY 1, 2)
ARRAY JOIN [{TIERS}] AS tier
WHERE cents >= tier AND (employee, month, tier) NOT IN (SELECT employee, month, tier FROM default.peer_awards)
