WITH piece AS (
  SELECT date, call_id,
         max(list_position(['recorded', 'intentionally_not', 'partial', 'pending', 'empty', 'missing'], state)) AS worst
  FROM recordings
  WHERE state <> 'orphan'
  GROUP BY date, call_id
)
SELECT date,
       count(*) FILTER (worst = 1) AS recorded,
       count(*) FILTER (worst = 2) AS intentionally_not,
       count(*) FILTER (worst = 3) AS partial,
       count(*) FILTER (worst = 4) AS pending,
       count(*) FILTER (worst = 5) AS empty,
       count(*) FILTER (worst = 6) AS missing
FROM piece
GROUP BY date
ORDER BY date;
