-- Directs with former users are below all others in the other user's list: by 2^40 minutes.
UPDATE members SET listed = listed - 1099511627776
 WHERE listed >= 0 AND conversation IN (
   SELECT c.id FROM conversations c
     JOIN users u ON u.id = CASE c.direct_low WHEN members.user THEN c.direct_high ELSE c.direct_low END
    WHERE c.id = members.conversation AND c.kind = 'direct' AND u.nickname_key IS NULL);
