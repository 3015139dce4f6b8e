-- All spellings of an emoji are one reaction, in the log and in what is folded from it.

CREATE TEMP TABLE respelled AS
SELECT conversation, seq, target, normal_emoji(payload ->> '$.emoji') AS emoji
  FROM events
 WHERE target IS NOT NULL AND payload ->> '$.kind' = 'reaction'
   AND payload ->> '$.emoji' <> normal_emoji(payload ->> '$.emoji');

UPDATE events SET payload = json_replace(payload, '$.emoji', r.emoji)
  FROM respelled r WHERE r.conversation = events.conversation AND r.seq = events.seq;

DELETE FROM reactions WHERE (conversation, message) IN (SELECT conversation, target FROM respelled);

-- A user who added an emoji and has not removed it keeps the position of the first time.
INSERT INTO reactions (conversation, message, emoji, user, seq)
SELECT conversation, target, emoji, author, min(seq)
  FROM (SELECT e.conversation, e.target, e.payload ->> '$.emoji' AS emoji, e.author, e.seq, e.payload ->> '$.on' AS is_on,
               max(iif(e.payload ->> '$.on', 0, e.seq))
                 OVER (PARTITION BY e.conversation, e.target, e.payload ->> '$.emoji', e.author) AS last_off
          FROM events e
          LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.target
         WHERE (e.conversation, e.target) IN (SELECT conversation, target FROM respelled)
           AND e.payload ->> '$.kind' = 'reaction' AND NOT coalesce(s.deleted, 0))
 WHERE is_on AND seq > last_off
 GROUP BY conversation, target, emoji, author;

-- Clients have folded the old log. A new epoch makes them start again.
UPDATE meta SET epoch = x'' WHERE EXISTS (SELECT 1 FROM respelled);

DROP TABLE respelled;
