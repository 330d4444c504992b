-- Names that no step before knew go out of every role.
SET LOCAL ROLE app_maintenance;
UPDATE roles
SET permissions = permissions - ARRAY[
    'ticket:assign', 'ticket:reply', 'ticket:reply:own', 'ticket:close', 'ticket:close:own', 'ticket:reopen', 'ticket:reopen:own'
]
WHERE permissions ?| ARRAY[
    'ticket:assign', 'ticket:reply', 'ticket:reply:own', 'ticket:close', 'ticket:close:own', 'ticket:reopen', 'ticket:reopen:own'
];
RESET ROLE;
ALTER TABLE roles DROP CONSTRAINT roles_permissions_known;
ALTER TABLE roles ADD CONSTRAINT roles_permissions_known CHECK (jsonb_typeof(permissions) = 'array' AND permissions <@ '[
    "*",
    "user:read", "user:read:own", "user:reset_credentials",
    "session:read", "session:read:own", "session:revoke", "session:revoke:own",
    "role:read",
    "package:read",
    "server:read", "server:read:own",
    "invoice:read", "invoice:read:own",
    "transaction:read", "transaction:read:own",
    "credit:read", "credit:read:own",
    "ticket:read", "ticket:read:own", "ticket:update", "ticket:note"
]');

ALTER TABLE ticket_messages ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN updated_at SET DEFAULT now();
ALTER TABLE tickets ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN updated_at SET DEFAULT now();
REVOKE UPDATE (resolution_seconds_left) ON tickets FROM app_writer;
ALTER TABLE tickets DROP CONSTRAINT tickets_clock_runs_or_stands, DROP COLUMN resolution_seconds_left;

DROP TABLE idempotency_keys, outbox, audit_details, audit_events;
DROP FUNCTION app.refuse_change;

DROP POLICY ticket_messages_writer_note ON ticket_messages;
DROP POLICY ticket_messages_writer_reply ON ticket_messages;
DROP POLICY tickets_writer_change_whole ON tickets;
DROP POLICY tickets_writer_change_own ON tickets;
DROP POLICY tickets_writer_whole ON tickets;
DROP POLICY tickets_writer_own ON tickets;
DROP POLICY users_writer_whole ON users;
DROP POLICY users_writer_own ON users;
DROP POLICY sessions_writer_end_current ON sessions;
DROP POLICY sessions_writer_current ON sessions;
REVOKE ALL ON ticket_messages, tickets, users, sessions FROM app_writer;
REVOKE USAGE ON SCHEMA public, app FROM app_writer;

GRANT DELETE ON sessions TO app_customer, app_staff;
CREATE POLICY sessions_revoke_own ON sessions FOR DELETE TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('session:revoke:own')));
CREATE POLICY sessions_revoke_whole ON sessions FOR DELETE TO app_staff
    USING ((SELECT app.can('session:revoke')));
CREATE POLICY sessions_end_current ON sessions FOR DELETE TO app_customer, app_staff
    USING (id = (SELECT app.session_id()));

SET LOCAL ROLE app_auth;
REVOKE EXECUTE ON FUNCTION
    app.viewer_id, app.session_id, app.can,
    app.is_live_session, app.open_session, app.end_session, app.end_other_sessions
FROM app_writer;
GRANT EXECUTE ON FUNCTION app.open_session TO app_anon, app_customer, app_staff;
GRANT EXECUTE ON FUNCTION app.end_session, app.end_other_sessions TO app_customer, app_staff;
DROP FUNCTION app.person_can, app.can_any, app.now, app.instant;
RESET ROLE;
DROP TABLE app.clock_offset;
