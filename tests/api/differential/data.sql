-- What is easily written wrong: quotes, control characters, text beyond ASCII, names that are missing.
UPDATE tickets SET subject = E'"Nothing" works\\ \t\u20ac \U0001F600 \u2028' WHERE status = 'open';
UPDATE ticket_messages SET content = E'line\nline\r\n\x01\x1f "quoted" \\ end' WHERE id IN (SELECT id FROM ticket_messages ORDER BY id LIMIT 5);
UPDATE servers SET name = E'web "1" \u00e4\u00f6\u00fc' WHERE id IN (SELECT id FROM servers ORDER BY id LIMIT 2);
UPDATE users SET first_name = E'A"d\\a', virtfusion_id = '77' WHERE username = 'ada';
UPDATE users SET last_name = NULL, last_login = NULL WHERE username = 'bob';
