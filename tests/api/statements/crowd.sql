-- Fifty parents of every kind, numbered 1 to 50, newest first, each with children of its own: a loader that asks once a
-- parent shows, and so does one that finds its keys already loaded. Ids are hashes of kind and number.
INSERT INTO users (id, email, username, password_hash, first_name, email_verified, status, created_at)
SELECT md5('user' || n)::uuid, format('crowd%s@example.com', n), 'crowd' || n, '-', 'Crowd', true, 'active', now() - n * interval '1 minute'
FROM generate_series(1, 1600) AS n;

INSERT INTO roles (id, name) SELECT md5('role' || n)::uuid, 'Role ' || n FROM generate_series(1, 50) AS n;

INSERT INTO user_roles (user_id, role_id)
SELECT md5('user' || n)::uuid, md5('role' || 1 + (n - 1) % 50)::uuid FROM generate_series(1, 100) AS n;

INSERT INTO sessions (id, user_id, token, expires_at)
SELECT md5('session' || n)::uuid, md5('user' || n)::uuid, md5('s' || n) || md5('t' || n), now() + interval '1 day'
FROM generate_series(1, 50) AS n;

INSERT INTO password_reset_tokens (id, user_id, token, expires_at)
SELECT md5('reset' || n)::uuid, md5('user' || n)::uuid, md5('r' || n) || md5('t' || n), now() + interval '1 day'
FROM generate_series(1, 50) AS n;

INSERT INTO server_packages (id, name, cpu_cores, memory_mb, disk_gb, price_monthly, price_hourly, currency)
SELECT md5('package' || n)::uuid, 'Package ' || n, 1, 1024, 10, 5, 0.01, 'EUR' FROM generate_series(1, 50) AS n;

INSERT INTO servers (id, name, hostname, status, user_id, package_id, cpu_cores, memory_mb, disk_gb)
SELECT md5('server' || n)::uuid, 'Server ' || n, format('host%s.example.com', n), 'restarting', md5('user' || n)::uuid,
       md5('package' || n)::uuid, 1, 1024, 10
FROM generate_series(1, 50) AS n;

INSERT INTO server_actions (id, server_id, kind, status, requested_by)
SELECT md5('action' || n)::uuid, md5('server' || n)::uuid, 'restart', 'running', md5('user' || n)::uuid
FROM generate_series(1, 50) AS n;

INSERT INTO invoices (id, user_id, amount, currency, status, number)
SELECT md5('invoice' || n)::uuid, md5('user' || n)::uuid, 10, 'EUR', 'pending', 'C-' || n FROM generate_series(1, 50) AS n;

INSERT INTO invoice_items (id, invoice_id, position, description, quantity, unit_price, amount, currency, server_id)
SELECT md5('item' || n)::uuid, md5('invoice' || n)::uuid, 1, 'A server', 1, 10, 10, 'EUR', md5('server' || n)::uuid
FROM generate_series(1, 50) AS n;

-- Refunds are the parents of a test: what they give back lies outside of the fifty.
INSERT INTO transactions (id, invoice_id, user_id, amount, currency, gateway, status, kind, direction, metadata)
SELECT md5('payment' || n)::uuid, md5('invoice' || n)::uuid, md5('user' || n)::uuid, 10, 'EUR', 'stripe', 'completed', 'payment', 'in', '{}'
FROM generate_series(1, 50) AS n;
INSERT INTO transactions (id, invoice_id, user_id, amount, currency, gateway, status, kind, direction, parent_id, metadata)
SELECT md5('refund' || n)::uuid, md5('invoice' || n)::uuid, md5('user' || n)::uuid, 2, 'EUR', 'stripe', 'completed', 'refund', 'out', md5('payment' || n)::uuid, '{}'
FROM generate_series(1, 50) AS n;
INSERT INTO transactions (id, user_id, amount, currency, gateway, status, kind, direction)
SELECT md5('credit' || n)::uuid, md5('user' || n)::uuid, 25, 'EUR', 'bank', 'completed', 'credit', 'in' FROM generate_series(1, 50) AS n;

INSERT INTO departments (id, slug, name) SELECT md5('department' || n)::uuid, 'department-' || n, 'Department ' || n FROM generate_series(1, 50) AS n;
INSERT INTO department_targets (department, priority, response_minutes, resolution_minutes)
SELECT 'department-' || n, 'low', 60, 600 FROM generate_series(1, 50) AS n;

INSERT INTO canned_replies (id, name, content, department_id)
SELECT md5('canned' || n)::uuid, 'Reply ' || n, 'Hello', md5('department' || n)::uuid FROM generate_series(1, 50) AS n;

INSERT INTO tickets (id, user_id, subject, department, created_at)
SELECT md5('target' || n)::uuid, md5('user' || n)::uuid, 'Target ' || n, 'general', now() - (n + 1000) * interval '1 minute'
FROM generate_series(1, 50) AS n;
INSERT INTO tickets (id, user_id, assigned_to, subject, status, department, server_id, merged_into, created_at, closed_at)
SELECT md5('ticket' || n)::uuid, md5('user' || n)::uuid, md5('user' || n)::uuid, 'Ticket ' || n, 'closed', 'department-' || n,
       md5('server' || n)::uuid, md5('target' || n)::uuid, now() - n * interval '1 minute', now()
FROM generate_series(1, 50) AS n;

-- The first message is the customer's; 31 more, each by somebody who wrote no other.
INSERT INTO ticket_messages (id, ticket_id, user_id, content, created_at)
SELECT md5(format('message%s/%s', n, k))::uuid, md5('ticket' || n)::uuid,
       md5('user' || CASE k WHEN 0 THEN n ELSE 50 + (n - 1) * 31 + k END)::uuid, 'Hello', now() + k * interval '1 second'
FROM generate_series(1, 50) AS n, generate_series(0, 31) AS k;

INSERT INTO jobs (name, due_at) VALUES ('test', now());
INSERT INTO job_runs (id, job, status, finished_at) SELECT md5('run' || n)::uuid, 'test', 'succeeded', now() FROM generate_series(1, 50) AS n;
INSERT INTO mails (id, user_id, address, template, ticket_id, subject, name, next_attempt_at, created_at, updated_at)
SELECT md5('mail' || n)::uuid, md5('user' || n)::uuid, 'a@example.com', 'ticket_resolved', md5('ticket' || n)::uuid, 'a', '<' || n || '@test>', now(), now(), now()
FROM generate_series(1, 50) AS n
