SELECT center, queue,
       count(*) AS received,
       count(*) FILTER (outcome <> 'rejected') AS offered,
       count(*) FILTER (outcome = 'answered') AS answered,
       count(*) FILTER (outcome = 'abandoned') AS abandoned,
       count(*) FILTER (outcome = 'flow_out') AS flow_out,
       count(*) FILTER (outcome = 'rejected') AS rejected,
       count(*) FILTER (outcome = 'open') AS open,
       count(*) FILTER (outcome = 'abandoned' AND wait_ms <= 5000) AS abandoned_short,
       count(*) FILTER (outcome = 'answered' AND wait_ms <= 20000) AS answered_in_sl,
       sum(wait_ms) FILTER (outcome = 'answered') // count(*) FILTER (outcome = 'answered') AS asa_ms,
       max(wait_ms) FILTER (outcome = 'answered') AS wait_answered_ms_max,
       (sum(talk_ms) + coalesce(sum(acw_ms), 0)) // count(talk_ms) AS aht_ms,
       count(*) FILTER (outcome = 'abandoned') / count(*) FILTER (outcome <> 'rejected') AS abandon_rate,
       count(*) FILTER (outcome = 'answered' AND wait_ms <= 20000)
         / count(*) FILTER (outcome = 'answered' OR (outcome = 'abandoned' AND wait_ms > 5000)) AS service_level
FROM queue_visits
GROUP BY center, queue
ORDER BY center, queue;
