SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions - ARRAY['ticket:create', 'ticket:create:own']
WHERE permissions ?| ARRAY['ticket:create', 'ticket:create:own'];
UPDATE tickets SET resolution_seconds_left = 0 WHERE resolution_seconds_left < 0;
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
    "department:write"
]');

CREATE INDEX tickets_server_id ON tickets (server_id);
DROP INDEX tickets_server_id_created_at;
COMMENT ON COLUMN tickets.resolution_seconds_left IS 'How much is left of the time to solve it, while that clock stands: the customer is awaited, or it is on hold.';
ALTER TABLE tickets ADD CONSTRAINT tickets_resolution_seconds_left_check CHECK (resolution_seconds_left >= 0);

DROP POLICY ticket_messages_writer_reply ON ticket_messages;
CREATE POLICY ticket_messages_writer_reply ON ticket_messages FOR INSERT TO app_writer
    WITH CHECK (
        NOT is_internal AND user_id = (SELECT app.viewer_id())
        AND EXISTS (
            SELECT FROM tickets
            WHERE tickets.id = ticket_messages.ticket_id
              AND ((SELECT app.can('ticket:reply')) OR (tickets.user_id = (SELECT app.viewer_id()) AND (SELECT app.can('ticket:reply:own'))))
        )
    );
DROP POLICY servers_writer_whole ON servers;
DROP POLICY servers_writer_own ON servers;
REVOKE ALL ON servers FROM app_writer;
DROP POLICY tickets_writer_open_whole ON tickets;
DROP POLICY tickets_writer_open_own ON tickets;
REVOKE INSERT ON tickets FROM app_writer;
REVOKE USAGE ON SEQUENCE ticket_numbers FROM app_writer;
