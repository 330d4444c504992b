-- Many rows, the same ones every time: for load tests and for looking at plans.
-- Runs in one transaction as app_maintenance. seed.scale is the number of units; one is 1,000 people with 5,000 servers,
-- 20,000 invoices, 30,000 transactions, 10,000 tickets and 80,000 messages. seed.password_hash is everybody's.
-- All of it lies in the last two years. ANALYZE afterwards is the caller's.

-- See demo.sql.
CREATE FUNCTION pg_temp.v7(at timestamptz, label text) RETURNS uuid LANGUAGE sql STABLE
RETURN overlay(overlay(overlay(md5(label)
    PLACING lpad(to_hex(round(date_part('epoch', at) * 1000)::bigint), 12, '0') FROM 1) PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid;

-- How many rows of a kind there are in all.
CREATE FUNCTION pg_temp.total(a_unit integer) RETURNS bigint LANGUAGE sql STABLE
RETURN a_unit * current_setting('seed.scale')::bigint;

-- When row n came to be: in order and evenly, up to yesterday, so that what follows it is not in the future.
CREATE FUNCTION pg_temp.moment(n bigint, a_unit integer) RETURNS timestamptz LANGUAGE sql STABLE
RETURN date_trunc('milliseconds', now() - interval '730 days' + interval '729 days' * n / pg_temp.total(a_unit));

-- The id of row n of a kind, computed and not looked up: parents need no join.
CREATE FUNCTION pg_temp.id(kind text, n bigint, a_unit integer) RETURNS uuid LANGUAGE sql STABLE
RETURN pg_temp.v7(pg_temp.moment(n, a_unit), kind || n);

-- Whose row n is. The factor is prime, so that neighbours belong to different people.
CREATE FUNCTION pg_temp.owner(n bigint) RETURNS uuid LANGUAGE sql STABLE
RETURN pg_temp.id('user', 1 + n * 7919 % pg_temp.total(1000), 1000);

CREATE FUNCTION pg_temp.staff(n bigint) RETURNS uuid LANGUAGE sql STABLE
RETURN pg_temp.v7(now() - interval '731 days', 'staff' || 1 + n % 5);

-- ---------------------------------------------------------------- people

INSERT INTO users (id, email, username, password_hash, first_name, last_name, email_verified, status, created_at, updated_at)
SELECT pg_temp.id('user', n, 1000), format('user%s@example.com', n), 'user' || n, current_setting('seed.password_hash'),
       'User', n::text, n % 20 > 0, CASE n % 20 WHEN 0 THEN 'pending' ELSE 'active' END, at, at
FROM generate_series(1, pg_temp.total(1000)) AS n, pg_temp.moment(n, 1000) AS at
UNION ALL
SELECT pg_temp.staff(n - 1), format('staff%s@example.com', n), 'staff' || n, current_setting('seed.password_hash'),
       'Staff', n::text, true, 'active', now() - interval '731 days', now() - interval '731 days'
FROM generate_series(1, 5) AS n;

INSERT INTO user_roles (user_id, role_id, created_at)
SELECT pg_temp.id('user', n, 1000), roles.id, pg_temp.moment(n, 1000)
FROM roles, generate_series(1, pg_temp.total(1000)) AS n
WHERE roles.name = 'user'
UNION ALL
SELECT pg_temp.staff(n - 1), roles.id, now() - interval '731 days'
FROM roles, generate_series(1, 5) AS n
WHERE roles.name IN ('user', 'support');

-- ---------------------------------------------------------------- servers

INSERT INTO server_packages (id, name, cpu_cores, memory_mb, disk_gb, bandwidth_gb, price_monthly, price_hourly, currency, created_at, updated_at)
SELECT pg_temp.v7(now() - interval '731 days', 'package' || n), 'Scale ' || n, n, 2048 * n, 40 * n, 2000 * n, 4.90 * n, 0.0073 * n, 'EUR',
       now() - interval '731 days', now() - interval '731 days'
FROM generate_series(1, 5) AS n;

INSERT INTO servers (
    id, name, hostname, ip_address, status, node_id, user_id, package_id, cpu_cores, memory_mb, disk_gb, bandwidth_gb,
    suspension_reason, created_at, updated_at, deleted_at
)
SELECT pg_temp.id('server', n, 5000), 'Server ' || n, format('host%s.example.com', n),
       CASE WHEN status <> 'terminated' THEN format('10.%s.%s.%s', n / 65536 % 256, n / 256 % 256, n % 256) END,
       status, 'node-' || n % 40, pg_temp.owner(n), package.id, cpu_cores, memory_mb, disk_gb, bandwidth_gb,
       CASE WHEN status = 'suspended' THEN 'nonpayment' END, at, at, CASE WHEN status = 'terminated' THEN at + interval '1 hour' END
FROM generate_series(1, pg_temp.total(5000)) AS n,
     pg_temp.moment(n, 5000) AS at,
     LATERAL (SELECT (ARRAY['terminated', 'terminated', 'suspended', 'stopped', 'stopped', 'stopped'])[1 + n % 20]) AS odd (odd_status),
     LATERAL (SELECT coalesce(odd_status, 'running')) AS state (status)
JOIN server_packages package ON package.name LIKE 'Scale %'
WHERE package.cpu_cores = 1 + n % 5;

-- ---------------------------------------------------------------- billing

-- Of 20 invoices one each is refunded, draft, pending, overdue and cancelled; the rest is paid. The state is
-- needed again for items and payments.
CREATE FUNCTION pg_temp.state(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN coalesce((ARRAY['refunded', 'draft', 'pending', 'overdue', 'cancelled'])[1 + n % 20], 'paid');

CREATE FUNCTION pg_temp.price(n bigint) RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN (490 + n * 37 % 20000) / 100.0;

INSERT INTO invoices (id, user_id, amount, currency, status, due_date, paid_at, number, created_at, updated_at)
SELECT pg_temp.id('invoice', n, 20000), pg_temp.owner(n), pg_temp.price(n), 'EUR', status,
       CASE status WHEN 'draft' THEN NULL
                   WHEN 'pending' THEN current_date + (n % 14)::integer
                   ELSE least(at::date + 14, current_date - 1)
       END,
       CASE WHEN status IN ('paid', 'refunded') THEN at + interval '1 hour' END,
       CASE WHEN status <> 'draft' THEN 'SC-' || lpad(n::text, 8, '0') END,
       at, at
FROM generate_series(1, pg_temp.total(20000)) AS n, pg_temp.moment(n, 20000) AS at, pg_temp.state(n) AS status;

INSERT INTO invoice_items (id, invoice_id, position, description, quantity, unit_price, amount, currency, server_id)
SELECT pg_temp.id('item', n, 20000), pg_temp.id('invoice', n, 20000), 1, 'A server, one month', 1, pg_temp.price(n), pg_temp.price(n), 'EUR',
       -- n and n plus a multiple of the number of people have the same owner.
       pg_temp.id('server', 1 + (n - 1) % pg_temp.total(5000), 5000)
FROM generate_series(1, pg_temp.total(20000)) AS n;

-- A payment for every invoice, as far as its state says.
INSERT INTO transactions (id, invoice_id, user_id, amount, currency, gateway, status, reference, metadata, kind, direction, created_at, updated_at)
SELECT pg_temp.id('payment', n, 20000), pg_temp.id('invoice', n, 20000), pg_temp.owner(n), pg_temp.price(n), 'EUR', 'stripe',
       CASE state WHEN 'paid' THEN 'completed' WHEN 'refunded' THEN 'refunded' WHEN 'pending' THEN 'pending' WHEN 'overdue' THEN 'failed' ELSE 'cancelled' END,
       'scale-payment-' || n, '{"card": "visa"}', 'payment', 'in', at, at
FROM generate_series(1, pg_temp.total(20000)) AS n, pg_temp.moment(n, 20000) AS at, pg_temp.state(n) AS state;

INSERT INTO transactions (id, invoice_id, user_id, amount, currency, gateway, status, reference, kind, direction, parent_id, created_at, updated_at)
SELECT pg_temp.id('refund', n, 20000), pg_temp.id('invoice', n, 20000), pg_temp.owner(n), pg_temp.price(n), 'EUR', 'stripe', 'completed',
       'scale-refund-' || n, 'refund', 'out', pg_temp.id('payment', n, 20000), at, at
FROM generate_series(20, pg_temp.total(20000), 20) AS n, pg_temp.moment(n, 20000) AS at;

-- Credit paid in, and usage that takes less than that out of it.
INSERT INTO transactions (id, user_id, amount, currency, gateway, status, reference, kind, direction, created_at, updated_at)
SELECT pg_temp.id('balance', n, 9000), pg_temp.owner((n + 1) / 2), CASE n % 2 WHEN 1 THEN 25 ELSE 4.20 END, 'EUR',
       CASE n % 2 WHEN 1 THEN 'bank' END, 'completed', CASE n % 2 WHEN 1 THEN 'scale-credit-' || n END,
       CASE n % 2 WHEN 1 THEN 'credit' ELSE 'usage' END, CASE n % 2 WHEN 1 THEN 'in' ELSE 'out' END, at, at
FROM generate_series(1, pg_temp.total(9000)) AS n, pg_temp.moment(n, 9000) AS at;

-- ---------------------------------------------------------------- support

-- Every ticket has eight messages, ten minutes apart, customer and staff by turns. The last one of every second
-- ticket is a note: one message in sixteen, and newer than what updated_at may show.
INSERT INTO tickets (
    id, user_id, assigned_to, subject, status, priority, department, server_id, response_due_at, resolution_due_at,
    created_at, updated_at, closed_at
)
SELECT pg_temp.id('ticket', n, 10000), pg_temp.owner(n), CASE WHEN status <> 'open' THEN pg_temp.staff(n) END,
       format('%s of server %s', (ARRAY['Slow network', 'Unexpected restart', 'Question about the invoice', 'Backup', 'Full disk'])[1 + n % 5], n),
       status,
       (ARRAY['low', 'medium', 'medium', 'high', 'urgent'])[1 + n / 3 % 5],
       (ARRAY['general', 'technical', 'technical', 'billing', 'sales', 'abuse'])[1 + n / 7 % 6],
       CASE WHEN n % 2 = 0 THEN pg_temp.id('server', 1 + (n - 1) % pg_temp.total(5000), 5000) END,
       CASE WHEN status IN ('open', 'in_progress') THEN touched + interval '8 hours' END,
       CASE WHEN status IN ('open', 'in_progress') THEN at + interval '3 days' END,
       at, touched, CASE WHEN status = 'closed' THEN touched END
FROM generate_series(1, pg_temp.total(10000)) AS n,
     pg_temp.moment(n, 10000) AS at,
     LATERAL (SELECT coalesce((ARRAY['open', 'in_progress', 'waiting_customer', 'on_hold', 'resolved'])[1 + n % 11], 'closed')) AS state (status),
     LATERAL (SELECT at + interval '10 minutes' * CASE n % 2 WHEN 0 THEN 6 ELSE 7 END) AS latest (touched);

INSERT INTO ticket_messages (id, ticket_id, user_id, content, is_internal, created_at, updated_at)
SELECT pg_temp.v7(at, id::text || k), id, CASE k % 2 WHEN 0 THEN user_id ELSE pg_temp.staff(n) END,
       CASE WHEN note THEN 'Seen this before on that node; keep an eye on it.'
            WHEN k = 0 THEN 'It started this morning and has happened three times since. What do you need from me to look into it?'
            WHEN k % 2 = 1 THEN 'Thank you for the details. We have looked at the node and changed a setting; please watch it and tell us.'
            ELSE 'It is better now, though not gone. I have attached the times at which I saw it.'
       END,
       note, at, at
FROM (SELECT id, user_id, created_at, row_number() OVER (ORDER BY created_at) AS n FROM tickets WHERE subject LIKE '% of server %') AS ticket,
     generate_series(0, 7) AS k,
     LATERAL (SELECT created_at + interval '10 minutes' * k, k = 7 AND n % 2 = 0) AS message (at, note);
