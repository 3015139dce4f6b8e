-- The scope of a notice that concerns the whole server is called `server`.

UPDATE events SET payload = json_replace(payload, '$.scope', 'server')
 WHERE target IS NULL AND instr(payload, '"scope":"house"') > 0
   AND payload ->> '$.kind' = 'notice' AND payload ->> '$.scope' = 'house';
