SELECT c.call_id, c.started_at, pair.value AS account, c.outcome
FROM calls AS c, unnest(c.ivr) AS t(pair)
WHERE pair.key IN ('account', 'AccountNumber')
ORDER BY c.started_at
LIMIT 20;
