SELECT center, queue_visits[1].queue AS queue,
       count(*) AS contacts,
       count(*) FILTER (outcome = 'answered') AS answered,
       count(*) FILTER (outcome = 'abandoned') AS abandoned,
       count(*) FILTER (outcome = 'lost') AS lost,
       count(*) FILTER (outcome IN ('abandoned', 'lost'))
         / count(*) FILTER (outcome NOT IN ('ivr_abandoned', 'self_served')) AS lost_rate
FROM calls
GROUP BY ALL
ORDER BY center, queue NULLS FIRST;
