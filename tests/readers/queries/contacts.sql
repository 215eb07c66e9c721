SELECT center, [v.queue FOR v IN queue_visits IF v.outcome <> 'rejected'][1] AS queue,
       count(*) AS contacts,
       count(*) FILTER (outcome = 'answered') AS answered,
       count(*) FILTER (outcome = 'abandoned') AS abandoned,
       count(*) FILTER (outcome = 'lost') AS lost,
       count(*) FILTER (outcome IN ('abandoned', 'lost'))
         / count(*) FILTER (outcome NOT IN ('ivr_abandoned', 'self_served')) AS lost_rate
FROM calls
WHERE direction <> 'internal' OR len([v FOR v IN queue_visits IF NOT v.consult]) > 0
GROUP BY ALL
ORDER BY center, queue NULLS FIRST;
