SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions - 'ticket:merge' WHERE permissions ? 'ticket:merge';
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
    "ticket:read", "ticket:read:own", "ticket:update", "ticket:note", "ticket:assign",
    "ticket:reply", "ticket:reply:own", "ticket:close", "ticket:close:own", "ticket:reopen", "ticket:reopen:own",
    "department:write", "ticket:create", "ticket:create:own"
]');

DROP POLICY tickets_writer_change_whole ON tickets;
CREATE POLICY tickets_writer_change_whole ON tickets FOR UPDATE TO app_writer
    USING ((SELECT app.can_any('ticket:update', 'ticket:assign', 'ticket:reply', 'ticket:close', 'ticket:reopen', 'ticket:note')));
DROP POLICY ticket_messages_writer_show_whole ON ticket_messages;
DROP POLICY ticket_messages_writer_merge_whole ON ticket_messages;
REVOKE SELECT (id, ticket_id, shown_in), UPDATE (shown_in) ON ticket_messages FROM app_writer;
DROP TRIGGER ticket_messages_shown ON ticket_messages;
DROP FUNCTION app.show_where_written;
CREATE INDEX ticket_messages_ticket_id_public ON ticket_messages (ticket_id, created_at, id) WHERE NOT is_internal;
ALTER TABLE ticket_messages DROP COLUMN shown_in;
REVOKE INSERT (before_merge), UPDATE (before_merge) ON tickets FROM app_writer;
ALTER TABLE tickets DROP COLUMN before_merge;
