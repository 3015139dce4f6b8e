-- The log keeps the last text of each message, and no text that an edit replaced.

UPDATE events SET payload = json_replace(payload, '$.body', '')
  FROM states s
 WHERE s.edited_at IS NOT NULL AND events.conversation = s.conversation
   AND (events.seq = s.seq OR events.target = s.seq)
   AND json_extract(events.payload, '$.body') <> ''
   AND events.seq < (SELECT max(e.seq) FROM events e
                      WHERE e.conversation = s.conversation AND e.target = s.seq AND e.payload ->> '$.kind' = 'edit');
