SELECT center, queue,
       date_trunc('hour', joined_at AT TIME ZONE 'Europe/Berlin') AT TIME ZONE 'Europe/Berlin' AS interval_start,
       count(*) AS received,
       count(*) FILTER (outcome = 'answered') AS answered,
       count(*) FILTER (outcome = 'abandoned') AS abandoned,
       coalesce(sum(wait_ms) FILTER (outcome = 'answered'), 0) AS wait_answered_ms_sum
FROM queue_visits
GROUP BY ALL
ORDER BY center, queue, interval_start;
