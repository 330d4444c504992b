-- Tickets are opened by the program, and moved between departments and priorities.

GRANT USAGE ON SEQUENCE ticket_numbers TO app_writer;
GRANT INSERT (
    id, user_id, assigned_to, subject, status, priority, department, created_at, updated_at, closed_at, server_id,
    hold_reason, response_due_at, resolution_due_at, merged_into, resolution_seconds_left
) ON tickets TO app_writer;
-- About a server that its customer has: foreign keys alone would not ask whose it is, nor who looks.
CREATE POLICY tickets_writer_open_own ON tickets FOR INSERT TO app_writer
    WITH CHECK (
        user_id = (SELECT app.viewer_id()) AND (SELECT app.can('ticket:create:own'))
        AND (server_id IS NULL OR EXISTS (SELECT FROM servers WHERE servers.id = tickets.server_id AND servers.user_id = tickets.user_id))
    );
CREATE POLICY tickets_writer_open_whole ON tickets FOR INSERT TO app_writer
    WITH CHECK (
        (SELECT app.can('ticket:create'))
        AND (server_id IS NULL OR EXISTS (SELECT FROM servers WHERE servers.id = tickets.server_id AND servers.user_id = tickets.user_id))
    );

GRANT SELECT ON servers TO app_writer;
CREATE POLICY servers_writer_own ON servers FOR SELECT TO app_writer
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('server:read:own')));
CREATE POLICY servers_writer_whole ON servers FOR SELECT TO app_writer USING ((SELECT app.can('server:read')));

-- Whoever opens a ticket writes its first message.
DROP POLICY ticket_messages_writer_reply ON ticket_messages;
CREATE POLICY ticket_messages_writer_reply ON ticket_messages FOR INSERT TO app_writer
    WITH CHECK (
        NOT is_internal AND user_id = (SELECT app.viewer_id())
        AND EXISTS (
            SELECT FROM tickets
            WHERE tickets.id = ticket_messages.ticket_id
              AND ((SELECT app.can_any('ticket:reply', 'ticket:create'))
                   OR (tickets.user_id = (SELECT app.viewer_id()) AND (SELECT app.can_any('ticket:reply:own', 'ticket:create:own'))))
        )
    );

-- Below zero: overdue by so much. A move to another department and back must find what was there.
ALTER TABLE tickets DROP CONSTRAINT tickets_resolution_seconds_left_check;
COMMENT ON COLUMN tickets.resolution_seconds_left IS 'How much is left of the time to solve it, while that clock stands: the customer is awaited, or it is on hold. Below zero when it is overdue.';

-- The tickets of a server in the order that its list offers, with what narrows it.
CREATE INDEX tickets_server_id_created_at ON tickets (server_id, created_at, id);
DROP INDEX tickets_server_id;

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
SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions || added.names
FROM (VALUES
    ('00000000-0000-7000-8000-000000000002'::uuid, '["ticket:create"]'::jsonb),
    ('00000000-0000-7000-8000-000000000003'::uuid, '["ticket:create"]'::jsonb),
    ('00000000-0000-7000-8000-000000000004'::uuid, '["ticket:create:own"]'::jsonb)
) AS added (role, names)
WHERE roles.id = added.role;
RESET ROLE;
