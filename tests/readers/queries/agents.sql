SELECT center, agent,
       count(*) FILTER (role = 'queue' AND result = 'answered') AS answered,
       count(*) FILTER (result = 'missed') AS missed,
       count(*) FILTER (result = 'declined') AS declined,
       sum(talk_ms) FILTER (role = 'queue') AS talk_ms_sum
FROM agent_legs
GROUP BY center, agent
ORDER BY center, agent;
