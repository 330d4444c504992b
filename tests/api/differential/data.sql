-- What is easily written wrong: quotes, control characters, text beyond ASCII, names that are missing.
UPDATE tickets SET subject = E'"Nothing" works\\ \t\u20ac \U0001F600 \u2028' WHERE status = 'open';
UPDATE ticket_messages SET content = E'line\nline\r\n\x01\x1f "quoted" \\ end' WHERE id IN (SELECT id FROM ticket_messages ORDER BY id LIMIT 5);
UPDATE servers SET name = E'web "1" \u00e4\u00f6\u00fc' WHERE id IN (SELECT id FROM servers ORDER BY id LIMIT 2);
UPDATE users SET first_name = E'A"d\\a', virtfusion_id = '77' WHERE username = 'ada';
UPDATE users SET last_name = NULL, last_login = NULL WHERE username = 'bob';
-- Lists longer than thirty, which async-graphql joins in another way, whose rows all have one place in it.
INSERT INTO tickets (id, user_id, subject, department, created_at, updated_at)
SELECT gen_random_uuid(), users.id, 'one of many', 'general', '2026-01-01', '2026-01-01' FROM users, generate_series(1, 40) WHERE username = 'ada';
-- A chain of merges.
UPDATE tickets SET status = 'closed', closed_at = '2026-02-01' WHERE subject = 'one of many' AND user_id = (SELECT id FROM users WHERE username = 'ada');
UPDATE tickets SET merged_into = next.id
FROM (SELECT id, lag(id) OVER (ORDER BY id) AS before FROM tickets WHERE subject = 'one of many') AS next WHERE next.before = tickets.id;
-- A currency of three digits, and one of none; the last day that there is.
INSERT INTO invoices (id, user_id, amount, currency, status, due_date)
SELECT gen_random_uuid(), users.id, amount, currency, 'draft', '9999-12-31'
FROM users, (VALUES (1.235, 'KWD'), (1200, 'JPY'), (0, 'KWD')) AS odd (amount, currency) WHERE username = 'ada';
