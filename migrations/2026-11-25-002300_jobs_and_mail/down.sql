SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions - ARRAY['system:read', 'system:run_job']
WHERE permissions ?| ARRAY['system:read', 'system:run_job'];
RESET ROLE;
ALTER TABLE roles DROP CONSTRAINT roles_permissions_known;
ALTER TABLE roles ADD CONSTRAINT roles_permissions_known CHECK (jsonb_typeof(permissions) = 'array' AND permissions <@ '[
    "*",
    "user:read", "user:read:own", "user:reset_credentials",
    "user:create", "user:update", "user:update:own", "user:suspend", "user:close", "user:close:own",
    "session:read", "session:read:own", "session:revoke", "session:revoke:own",
    "role:read", "role:create", "role:update", "role:delete", "role:assign",
    "package:read",
    "server:read", "server:read:own",
    "invoice:read", "invoice:read:own",
    "transaction:read", "transaction:read:own",
    "credit:read", "credit:read:own",
    "ticket:read", "ticket:read:own", "ticket:update", "ticket:note", "ticket:assign",
    "ticket:reply", "ticket:reply:own", "ticket:close", "ticket:close:own", "ticket:reopen", "ticket:reopen:own",
    "ticket:create", "ticket:create:own", "ticket:merge",
    "department:write", "canned_reply:read", "canned_reply:write"
]');

SET LOCAL ROLE app_auth;
REVOKE EXECUTE ON FUNCTION app.instant FROM app_worker;
RESET ROLE;

DROP POLICY users_worker ON users;
DROP POLICY outbox_worker_done ON outbox;
DROP POLICY outbox_worker_read ON outbox;
REVOKE ALL ON users FROM app_worker;
DROP TABLE mails;
DROP POLICY idempotency_keys_worker ON idempotency_keys;
DROP POLICY outbox_worker ON outbox;
DROP POLICY audit_details_worker ON audit_details;
DROP POLICY audit_events_worker ON audit_events;
DROP POLICY ticket_messages_worker ON ticket_messages;
DROP POLICY tickets_worker_change ON tickets;
DROP POLICY tickets_worker ON tickets;
REVOKE ALL ON tickets, ticket_messages, audit_events, audit_details, outbox, idempotency_keys FROM app_worker;
REVOKE INSERT (silence_warned_at) ON tickets FROM app_writer;
ALTER TABLE tickets DROP CONSTRAINT tickets_silence_shown, DROP COLUMN silence_warned_at;
DROP TABLE job_runs, jobs;
