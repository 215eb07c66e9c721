SELECT visit_id, call_id, joined_at, wait_ms, first_event, last_event, known_at, revision
FROM queue_visits
WHERE queue = 'sales' AND outcome = 'abandoned' AND date BETWEEN '2026-11-20' AND '2026-11-22'
ORDER BY joined_at;
