SELECT center, queue, interval_start,
       sum(received) AS received, sum(offered) AS offered, max(wait_ms_max) AS wait_ms_max
FROM queue_intervals
GROUP BY center, queue, interval_start
ORDER BY center, queue, interval_start;
