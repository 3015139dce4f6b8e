UPDATE main.conversations
   SET member_count = (SELECT count(*) FROM main.members WHERE conversation = conversations.number)
 WHERE kind = 'room';

-- Who has written after their read mark has set it back since.
UPDATE main.members SET set_back_at = newest.position + 1
  FROM (SELECT conversation, author, max(seq) AS seq, position FROM main.events
         WHERE target IS NULL AND payload ->> '$.kind' = 'message' GROUP BY conversation, author) newest
 WHERE members.conversation = newest.conversation AND members.user = newest.author AND members.read_seq < newest.seq;
