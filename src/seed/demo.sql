-- A small company to look at: three of staff, two customers, and a bit of everything that can happen to them.
-- Runs in one transaction as app_maintenance, on a database without people; seed.password_hash is the hash
-- of the one password that all of them have. Every time is relative to now.

-- A UUID v7 of that moment; its random part is a hash of the label, so the same seed gives the same rows.
CREATE FUNCTION pg_temp.v7(at timestamptz, label text) RETURNS uuid LANGUAGE sql STABLE
RETURN overlay(overlay(overlay(md5(label)
    PLACING lpad(to_hex(round(date_part('epoch', at) * 1000)::bigint), 12, '0') FROM 1) PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid;

-- ---------------------------------------------------------------- people

INSERT INTO users (id, email, username, password_hash, first_name, last_name, email_verified, status, server_limit, created_at, updated_at, last_login)
SELECT pg_temp.v7(now() - age, username), username || '@example.com', username, current_setting('seed.password_hash'),
       first_name, last_name, true, 'active', server_limit, now() - age, now() - age, now() - seen
FROM (VALUES
    ('admin',   'Mira', 'Novak',   NULL, interval '400 days', interval '2 days'),
    ('support', 'Sam',  'Keller',  NULL, interval '380 days', interval '5 hours'),
    ('billing', 'Lena', 'Fischer', NULL, interval '370 days', interval '1 day'),
    ('ada',     'Ada',  'Moreau',  20,   interval '300 days', interval '3 hours'),
    ('bob',     'Bob',  'Okafor',  5,    interval '200 days', NULL)
) AS person (username, first_name, last_name, server_limit, age, seen);

INSERT INTO user_roles (user_id, role_id, created_at)
SELECT users.id, roles.id, users.created_at
FROM (VALUES ('admin', 'admin'), ('support', 'support'), ('billing', 'billing'), ('ada', 'user'), ('bob', 'user')) AS held (username, role)
JOIN users USING (username)
JOIN roles ON roles.name = held.role;

-- A request that Bob made and used; the token itself was never anything.
INSERT INTO password_reset_tokens (id, user_id, token, expires_at, used, created_at)
SELECT pg_temp.v7(now() - interval '40 days', 'reset'), id, encode(sha256('demo'), 'hex'), now() - interval '40 days' + interval '30 minutes', true, now() - interval '40 days'
FROM users WHERE username = 'bob';

-- ---------------------------------------------------------------- servers

INSERT INTO server_packages (id, name, cpu_cores, memory_mb, disk_gb, bandwidth_gb, price_monthly, price_hourly, currency, is_active, stock, created_at, updated_at)
SELECT pg_temp.v7(now() - age, name), name, cpu_cores, memory_mb, disk_gb, bandwidth_gb, price_monthly, price_hourly, 'EUR', is_active, stock, now() - age, now() - age
FROM (VALUES
    ('Nano',         1,  1024,   20,  1000,  3.90, 0.005800, true,  NULL, interval '398 days'),
    ('Small',        2,  4096,   80,  4000,  8.90, 0.013200, true,  NULL, interval '397 days'),
    ('Medium',       4,  8192,  160,  8000, 17.90, 0.026600, true,  NULL, interval '396 days'),
    ('Large',        8, 16384,  320,  NULL, 35.90, 0.053300, true,  12,   interval '395 days'),
    ('Storage 2023', 2,  2048, 2000, 10000, 24.90, 0.037000, false, 0,    interval '394 days')
) AS package (name, cpu_cores, memory_mb, disk_gb, bandwidth_gb, price_monthly, price_hourly, is_active, stock, age);

INSERT INTO servers (
    id, name, hostname, ip_address, status, node_id, user_id, package_id, cpu_cores, memory_mb, disk_gb, bandwidth_gb,
    suspension_reason, is_protected, terminate_at, created_at, updated_at, deleted_at
)
SELECT pg_temp.v7(now() - age, hostname), server.name, hostname, ip_address, server.status, node_id, users.id, package.id,
       package.cpu_cores, package.memory_mb, package.disk_gb, package.bandwidth_gb,
       server.suspension_reason, is_protected, now() + terminate_in, now() - age, now() - touched,
       CASE WHEN server.status = 'terminated' THEN now() - touched END
FROM (VALUES
    ('ada', 'Web',          'web-1.moreau.example',   '203.0.113.10',   'running',    'fra-01', 'Medium',       NULL,         true,  NULL::interval,     interval '290 days', interval '20 days'),
    ('ada', 'Database',     'db-1.moreau.example',    '203.0.113.11',   'running',    'fra-02', 'Large',        NULL,         true,  NULL,               interval '289 days', interval '20 days'),
    ('ada', 'Staging',      'staging.moreau.example', '203.0.113.12',   'stopped',    'fra-01', 'Small',        NULL,         false, NULL,               interval '210 days', interval '6 days'),
    ('ada', 'Build runner', 'ci.moreau.example',      '203.0.113.13',   'restarting', 'fra-03', 'Medium',       NULL,         false, NULL,               interval '75 days',  interval '2 minutes'),
    ('ada', 'Mail',         'mail.moreau.example',    NULL,             'failed',     NULL,     'Small',        NULL,         false, NULL,               interval '30 hours', interval '29 hours'),
    ('ada', 'Old shop',     'shop.moreau.example',    NULL,             'terminated', NULL,     'Small',        NULL,         false, NULL,               interval '280 days', interval '90 days'),
    ('bob', 'Game server',  'play.okafor.example',    '198.51.100.20',  'running',    'fra-02', 'Medium',       NULL,         false, interval '19 hours', interval '190 days', interval '5 hours'),
    ('bob', 'Backups',      'backup.okafor.example',  '2001:db8:20::2', 'running',    'hel-01', 'Storage 2023', NULL,         true,  NULL,               interval '185 days', interval '60 days'),
    ('bob', 'VPN',          'vpn.okafor.example',     '198.51.100.21',  'suspended',  'hel-01', 'Nano',         'nonpayment', false, NULL,               interval '120 days', interval '9 days'),
    ('bob', 'Lab',          'lab.okafor.example',     NULL,             'pending',    NULL,     'Nano',         NULL,         false, NULL,               interval '25 minutes', interval '25 minutes')
) AS server (username, name, hostname, ip_address, status, node_id, package, suspension_reason, is_protected, terminate_in, age, touched)
JOIN users USING (username)
JOIN server_packages package ON package.name = server.package;

INSERT INTO server_actions (id, server_id, kind, status, progress, error, provider_ref, requested_by, created_at, updated_at, finished_at)
SELECT pg_temp.v7(now() - age, hostname || kind), servers.id, kind, action.status, progress, error,
       'job-' || substr(md5(hostname || kind), 1, 8), users.id, now() - age,
       now() - age + took, CASE WHEN action.status IN ('succeeded', 'failed') THEN now() - age + took END
FROM (VALUES
    ('web-1.moreau.example',   'provision', 'succeeded', 100, NULL, NULL,      interval '290 days',   interval '95 seconds'),
    ('web-1.moreau.example',   'restart',   'succeeded', 100, NULL, 'support', interval '20 days',    interval '31 seconds'),
    ('db-1.moreau.example',    'provision', 'succeeded', 100, NULL, NULL,      interval '289 days',   interval '2 minutes'),
    ('db-1.moreau.example',    'resize',    'succeeded', 100, NULL, 'ada',     interval '20 days',    interval '4 minutes'),
    ('staging.moreau.example', 'provision', 'succeeded', 100, NULL, NULL,      interval '210 days',   interval '80 seconds'),
    ('staging.moreau.example', 'rebuild',   'succeeded', 100, NULL, 'ada',     interval '33 days',    interval '3 minutes'),
    ('staging.moreau.example', 'stop',      'succeeded', 100, NULL, 'ada',     interval '6 days',     interval '12 seconds'),
    ('ci.moreau.example',      'provision', 'succeeded', 100, NULL, NULL,      interval '75 days',    interval '70 seconds'),
    ('ci.moreau.example',      'restart',   'running',   40,  NULL, 'ada',     interval '2 minutes',  interval '50 seconds'),
    ('mail.moreau.example',    'provision', 'failed',    35,  'No address was free on the node; we have been told.', NULL, interval '30 hours', interval '1 hour'),
    ('shop.moreau.example',    'provision', 'succeeded', 100, NULL, NULL,      interval '280 days',   interval '75 seconds'),
    ('shop.moreau.example',    'terminate', 'succeeded', 100, NULL, 'ada',     interval '90 days',    interval '20 seconds'),
    ('play.okafor.example',    'provision', 'succeeded', 100, NULL, NULL,      interval '190 days',   interval '90 seconds'),
    ('play.okafor.example',    'stop',      'failed',    60,  'The guest did not react within 60 seconds.', 'bob', interval '31 days', interval '61 seconds'),
    ('backup.okafor.example',  'provision', 'succeeded', 100, NULL, NULL,      interval '185 days',   interval '3 minutes'),
    ('vpn.okafor.example',     'provision', 'succeeded', 100, NULL, NULL,      interval '120 days',   interval '60 seconds'),
    ('vpn.okafor.example',     'suspend',   'succeeded', 100, NULL, NULL,      interval '9 days',     interval '8 seconds')
) AS action (hostname, kind, status, progress, error, requester, age, took)
JOIN servers USING (hostname)
LEFT JOIN users ON users.username = action.requester;

-- ---------------------------------------------------------------- billing

-- Drafts have no number to be found by: n is the name of an invoice in this file.
CREATE TEMPORARY TABLE demo_invoices ON COMMIT DROP AS
SELECT n, pg_temp.v7(now() - age, 'invoice ' || n) AS id, username, currency, status, number, (now() AT TIME ZONE 'UTC')::date + due AS due_date, now() - age AS created_at, now() - paid AS paid_at
FROM (VALUES
    (1,  'ada', 'EUR', 'paid',      'SP-1001', -173, interval '180 days', interval '178 days'),
    (2,  'ada', 'EUR', 'paid',      'SP-1002', -143, interval '150 days', interval '141 days'),
    (3,  'ada', 'EUR', 'paid',      'SP-1003', -113, interval '120 days', interval '119 days'),
    (4,  'ada', 'EUR', 'paid',      'SP-1004', -83,  interval '90 days',  interval '90 days'),
    (5,  'bob', 'JPY', 'paid',      'SP-1005', -63,  interval '70 days',  interval '69 days'),
    (6,  'ada', 'EUR', 'refunded',  'SP-1006', -53,  interval '60 days',  interval '59 days'),
    (7,  'bob', 'EUR', 'paid',      'SP-1007', -48,  interval '55 days',  interval '50 days'),
    (8,  'bob', 'EUR', 'cancelled', 'SP-1008', -33,  interval '40 days',  NULL),
    (9,  'bob', 'EUR', 'overdue',   'SP-1009', -11,  interval '18 days',  NULL),
    (10, 'ada', 'EUR', 'pending',   'SP-1010', 2,    interval '5 days',   NULL),
    (11, 'bob', 'EUR', 'pending',   'SP-1011', 4,    interval '3 days',   NULL),
    (12, 'ada', 'EUR', 'draft',     NULL,      NULL, interval '6 hours',  NULL)
) AS invoice (n, username, currency, status, number, due, age, paid);

CREATE TEMPORARY TABLE demo_items ON COMMIT DROP AS
SELECT *, round(quantity * unit_price, 2) AS amount
FROM (VALUES
    (1,  1, 'Medium, one month',              1,   17.90,    'web-1.moreau.example'),
    (1,  2, 'Small, one month',               1,   8.90,     'staging.moreau.example'),
    (2,  1, 'Medium, one month',              1,   17.90,    'web-1.moreau.example'),
    (2,  2, 'Small, one month',               1,   8.90,     'staging.moreau.example'),
    (3,  1, 'Large, one month',               1,   35.90,    'db-1.moreau.example'),
    (4,  1, 'Medium, one month',              1,   17.90,    'web-1.moreau.example'),
    (5,  1, 'Migration by our technicians',   2,   2490,     NULL),
    (6,  1, 'Small, one month',               1,   8.90,     'staging.moreau.example'),
    (7,  1, 'Storage 2023, one month',        1,   24.90,    'backup.okafor.example'),
    (8,  1, 'Nano, one month',                1,   3.90,     'vpn.okafor.example'),
    (9,  1, 'Storage 2023, one month',        1,   24.90,    'backup.okafor.example'),
    (9,  2, 'Nano, one month',                1,   3.90,     'vpn.okafor.example'),
    (10, 1, 'Large, one month',               1,   35.90,    'db-1.moreau.example'),
    (10, 2, 'Small, one month',               1,   8.90,     'staging.moreau.example'),
    (10, 3, 'Second address, half a month',   0.5, 2.00,     'web-1.moreau.example'),
    (11, 1, 'Medium, one month',              1,   17.90,    'play.okafor.example'),
    (12, 1, 'Medium, by the hour',            317, 0.026600, 'ci.moreau.example')
) AS item (n, position, description, quantity, unit_price, hostname);

INSERT INTO invoices (id, user_id, amount, currency, status, due_date, paid_at, number, created_at, updated_at)
SELECT invoice.id, users.id, (SELECT sum(amount) FROM demo_items WHERE demo_items.n = invoice.n),
       currency, invoice.status, due_date, paid_at, number, invoice.created_at, coalesce(paid_at, invoice.created_at)
FROM demo_invoices invoice
JOIN users USING (username);

INSERT INTO invoice_items (id, invoice_id, position, description, quantity, unit_price, amount, currency, server_id, period_start, period_end)
SELECT pg_temp.v7(invoice.created_at, 'item ' || n || '.' || position), invoice.id, position, description, quantity, unit_price, amount, currency, servers.id,
       CASE WHEN hostname IS NOT NULL THEN date_trunc('month', invoice.created_at, 'UTC') END,
       CASE WHEN hostname IS NOT NULL THEN date_trunc('month', invoice.created_at, 'UTC') + interval '1 month' END
FROM demo_items
JOIN demo_invoices invoice USING (n)
LEFT JOIN servers USING (hostname);

-- In the order of parents before refunds. The sums agree with the states of the invoices above.
INSERT INTO transactions (id, invoice_id, user_id, amount, currency, gateway, status, reference, metadata, kind, direction, parent_id, created_at, updated_at)
SELECT pg_temp.v7(now() - age, label), invoice.id, users.id, amount, coalesce(currency, 'EUR'), gateway, transaction.status, reference, metadata::jsonb, kind,
       CASE WHEN kind IN ('refund', 'usage') THEN 'out' ELSE 'in' END, pg_temp.v7(now() - parent_age, parent), now() - age, now() - age
FROM (VALUES
    ('pay 1',     'ada', 1,    'payment',    26.80, 'stripe', 'completed',  'pi_demo_1001',     '{"card": "visa", "last4": "4242"}', NULL,     interval '178 days', NULL::interval),
    ('pay 2',     'ada', 2,    'payment',    26.80, 'bank',   'completed',  'SEPA 7731-117',    NULL,                                NULL,     interval '141 days', NULL),
    ('pay 3',     'ada', 3,    'payment',    35.90, 'stripe', 'completed',  'pi_demo_1003',     '{"card": "visa", "last4": "4242"}', NULL,     interval '119 days', NULL),
    ('refund 3',  'ada', 3,    'refund',     10.00, 'stripe', 'completed',  're_demo_1003',     '{"reason": "outage of db-1"}',    'pay 3',  interval '112 days', interval '119 days'),
    ('top-up',    'ada', NULL, 'credit',     50.00, 'stripe', 'completed',  'pi_demo_topup',    '{"card": "visa", "last4": "4242"}', NULL,     interval '100 days', NULL),
    ('pay 4',     'ada', 4,    'payment',    17.90, 'credit', 'completed',  NULL,               NULL,                                NULL,     interval '90 days',  NULL),
    ('pay 5',     'bob', 5,    'payment',    4980,  'paypal', 'completed',  'PAYID-DEMO-1005',  '{"payer": "bob@example.com"}',      NULL,     interval '69 days',  NULL),
    ('pay 6',     'ada', 6,    'payment',    8.90,  'stripe', 'refunded',   'pi_demo_1006',     '{"card": "visa", "last4": "4242"}', NULL,     interval '59 days',  NULL),
    ('refund 6',  'ada', 6,    'refund',     8.90,  'credit', 'completed',  NULL,               NULL,                                'pay 6',  interval '52 days',  interval '59 days'),
    ('pay 7',     'bob', 7,    'payment',    24.90, 'paypal', 'completed',  'PAYID-DEMO-1007',  '{"payer": "bob@example.com"}',      NULL,     interval '50 days',  NULL),
    ('goodwill',  'ada', NULL, 'adjustment', 5.00,  NULL,     'completed',  NULL,               NULL,                                NULL,     interval '44 days',  NULL),
    ('usage',     'ada', NULL, 'usage',      3.42,  NULL,     'completed',  NULL,               NULL,                                NULL,     interval '31 days',  NULL),
    ('pay 9',     'bob', 9,    'payment',    28.80, 'paypal', 'failed',     'PAYID-DEMO-1009',  '{"error": "INSTRUMENT_DECLINED"}',  NULL,     interval '12 days',  NULL),
    ('pay 10',    'ada', 10,   'payment',    20.00, 'bank',   'completed',  'SEPA 7904-203',    NULL,                                NULL,     interval '2 days',   NULL),
    ('pay 11',    'bob', 11,   'payment',    17.90, 'paypal', 'processing', 'PAYID-DEMO-1011',  '{"payer": "bob@example.com"}',      NULL,     interval '3 hours',  NULL)
) AS transaction (label, username, n, kind, amount, gateway, status, reference, metadata, parent, age, parent_age)
JOIN users USING (username)
LEFT JOIN demo_invoices invoice USING (n);

-- ---------------------------------------------------------------- support

CREATE TEMPORARY TABLE demo_tickets ON COMMIT DROP AS
SELECT *, pg_temp.v7(now() - age, 'ticket ' || n) AS id
FROM (VALUES
    (1,  'ada', 'support', 'Database server drops connections at night',     'in_progress',      'urgent', 'technical', 'db-1.moreau.example',    interval '26 hours',   interval '10 minutes', interval '40 minutes', NULL,      NULL, NULL::interval),
    (2,  'ada', NULL,      'New server stuck: mail.moreau.example',          'open',             'high',   'technical', 'mail.moreau.example',    interval '28 hours',   interval '-27 hours',  interval '-16 hours',  NULL,      NULL, NULL),
    (3,  'bob', NULL,      'Which package for a small game community?',      'open',             'low',    'sales',     NULL,                     interval '50 minutes', interval '23 hours',   interval '167 hours',  NULL,      NULL, NULL),
    (4,  'bob', 'billing', 'Card declined, can I pay by bank transfer?',     'waiting_customer', 'high',   'billing',   'vpn.okafor.example',     interval '8 days',     NULL,                  NULL,                  NULL,      NULL, NULL),
    (5,  'ada', 'support', 'Reverse DNS for the web server',                 'on_hold',          'medium', 'technical', 'web-1.moreau.example',   interval '4 days',     NULL,                  NULL,                  'Waits for the network team, change on Thursday night.', NULL, NULL),
    (6,  'ada', 'billing', 'Refund for the outage of db-1',                  'resolved',         'medium', 'billing',   'db-1.moreau.example',    interval '114 days',   NULL,                  NULL,                  NULL,      NULL, NULL),
    (7,  'bob', 'support', 'Abuse report about 198.51.100.20',               'closed',           'urgent', 'abuse',     'play.okafor.example',    interval '65 days',    NULL,                  NULL,                  NULL,      NULL, interval '61 days'),
    (8,  'ada', 'support', 'How do I add a second user to my account?',      'closed',           'low',    'general',   NULL,                     interval '150 days',   NULL,                  NULL,                  NULL,      NULL, interval '146 days'),
    (9,  'ada', NULL,      'Connections to the database time out',           'closed',           'high',   'technical', 'db-1.moreau.example',    interval '25 hours',   NULL,                  NULL,                  NULL,      1,    interval '24 hours'),
    (10, 'bob', 'support', 'Server "play" will not stop from the panel',     'waiting_customer', 'medium', 'general',   'play.okafor.example',    interval '30 days',    NULL,                  NULL,                  NULL,      NULL, NULL)
) AS ticket (n, username, assignee, subject, status, priority, department, hostname, age, response_in, resolution_in, hold_reason, merged_into, closed);

INSERT INTO tickets (
    id, user_id, assigned_to, subject, status, priority, department, server_id, hold_reason, response_due_at, resolution_due_at,
    merged_into, created_at, updated_at, closed_at
)
SELECT ticket.id, owner.id, assignee.id, ticket.subject, ticket.status, ticket.priority, ticket.department, servers.id, ticket.hold_reason,
       now() + ticket.response_in, now() + ticket.resolution_in,
       target.id, now() - ticket.age, now() - ticket.age, now() - ticket.closed
FROM demo_tickets ticket
JOIN users owner ON owner.username = ticket.username
LEFT JOIN users assignee ON assignee.username = ticket.assignee
LEFT JOIN servers ON servers.hostname = ticket.hostname
LEFT JOIN demo_tickets target ON target.n = ticket.merged_into
ORDER BY ticket.age DESC;

INSERT INTO ticket_messages (id, ticket_id, user_id, content, is_internal, created_at, updated_at)
SELECT pg_temp.v7(now() - message.age, content), ticket.id, users.id, content, is_internal, now() - message.age, now() - message.age
FROM (VALUES
    (1,  'ada',     false, interval '26 hours',   E'Since Monday our database server drops all connections between 02:00 and 02:10.\nThe application log says "connection reset by peer". Nothing of ours runs at that hour.'),
    (1,  'support', false, interval '25 hours',   'Thank you for the exact time, that helps. I am looking at the node and will come back to you today.'),
    (1,  'support', true,  interval '24 hours',   'fra-02: the backup job saturates the storage network at 02:00. Same pattern as in March.'),
    (1,  'support', false, interval '20 hours',   'We found a job on our side that runs at 02:00 and have moved it away from your node. Could you tell me tomorrow whether the night was quiet?'),
    (1,  'ada',     false, interval '4 hours',    'It happened again last night, at 02:03.'),
    (1,  'admin',   true,  interval '3 hours',    'Give her a credit of one week when this is solved.'),
    (2,  'ada',     false, interval '28 hours',   'I ordered a Small for our mail an hour ago and it says "failed". Will this fix itself, or should I order again?'),
    (3,  'bob',     false, interval '50 minutes', 'We are about 30 people, mostly at weekends. Is Medium enough, and can I change to Large later without losing the world?'),
    (4,  'bob',     false, interval '8 days',     'My card was declined and now the VPN is suspended. Can I pay SP-1009 by bank transfer?'),
    (4,  'billing', false, interval '7 days',     'Yes. Please use SP-1009 as the reference; the account is on the invoice. The server comes back as soon as the money is here, usually the next working day.'),
    (4,  'billing', true,  interval '6 days',     'Second failed card in three months. Do not extend the due date again.'),
    (5,  'ada',     false, interval '4 days',     'Please set the reverse DNS of 203.0.113.10 to web-1.moreau.example.'),
    (5,  'support', false, interval '3 days',     'The zone of that network moves to new name servers this week. I will set the record right after that, on Friday morning.'),
    (5,  'support', true,  interval '2 days',     'Change is booked for Thursday night. Record prepared.'),
    (6,  'ada',     false, interval '114 days',   'The database was down for most of yesterday. What do we get for that?'),
    (6,  'billing', false, interval '113 days',   'You are right, and we are sorry. I am refunding 10.00 EUR of SP-1003 to your card.'),
    (6,  'ada',     false, interval '112 days',   'Thank you, that is fair.'),
    (6,  'billing', true,  interval '111 days',   'Refund arrived (re_demo_1003).'),
    (7,  'support', false, interval '65 days',    'We received a report that 198.51.100.20 scanned other networks yesterday evening. Please check the server and tell us what you found.'),
    (7,  'bob',     false, interval '64 days',    'A plug-in of the game had a hole. I have rebuilt the server and changed all passwords.'),
    (7,  'support', false, interval '61 days',    'No further reports since then. Thank you for the quick reaction.'),
    (8,  'ada',     false, interval '150 days',   'A colleague shall see our invoices. Can he have his own login?'),
    (8,  'support', false, interval '149 days',   'Not yet, I am afraid: an account is one person today. I have noted your wish.'),
    (9,  'ada',     false, interval '25 hours',   'All our applications get time-outs from the database since last night.'),
    (9,  'support', true,  interval '24 hours',   'Same cause as her other ticket, merging.'),
    (10, 'bob',     false, interval '30 days',    'I press stop, it waits for a minute, then it says that the guest did not react.'),
    (10, 'support', false, interval '29 days',    'The game does not answer the ACPI signal. Install acpid in the guest, or choose "force" to cut the power. Does that help?')
) AS message (n, username, is_internal, age, content)
JOIN demo_tickets ticket USING (n)
JOIN users ON users.username = message.username;

-- What was written in a ticket that was merged is shown where it goes on.
UPDATE ticket_messages SET shown_in = tickets.merged_into FROM tickets
WHERE tickets.id = ticket_messages.ticket_id AND tickets.merged_into IS NOT NULL;

INSERT INTO canned_replies (id, name, content, department_id)
SELECT pg_temp.v7(now(), reply.name), reply.name, reply.content, departments.id
FROM (VALUES
    ('Greeting',        NULL,        'Thank you for writing. I am looking into it and will come back to you today.'),
    ('Reverse DNS',     'technical', 'The record is set. It can take a few hours until every resolver has it.'),
    ('Payment by bank', 'billing',   'Please use the number of the invoice as the reference. The server comes back as soon as the money is here.')
) AS reply (name, slug, content)
LEFT JOIN departments USING (slug);

-- What everybody may see decides; a newer note must not show here.
UPDATE tickets
SET updated_at = greatest(
    closed_at, (SELECT max(created_at) FROM ticket_messages WHERE ticket_id = tickets.id AND NOT is_internal)
);
