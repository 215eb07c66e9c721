SELECT queue, count(*) AS received, count(*) FILTER (outcome = 'answered') AS answered
FROM (
  SELECT *, row_number() OVER (PARTITION BY visit_id ORDER BY revision DESC) AS newest
  FROM queue_visits_revisions
  WHERE known_at <= TIMESTAMPTZ '2026-11-21 12:00:00Z'
)
WHERE newest = 1 AND NOT retracted
GROUP BY queue
ORDER BY queue;
