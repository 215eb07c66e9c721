SELECT center, agent, coalesce(reason, 'none') AS reason,
       sum(date_diff('millisecond', "from", "to")) AS pause_ms
FROM agent_states
WHERE kind = 'pause'
GROUP BY ALL
ORDER BY center, agent, reason;
