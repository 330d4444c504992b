-- Tickets are merged and taken apart again: messages stay where they were written and are shown where it goes on.

ALTER TABLE tickets ADD COLUMN before_merge jsonb CHECK (jsonb_typeof(before_merge) = 'object');
COMMENT ON COLUMN tickets.before_merge IS 'What a merge changed, to be restored when it is taken back: status, hold_reason, times. For staff.';
GRANT INSERT (before_merge), UPDATE (before_merge) ON tickets TO app_writer;

ALTER TABLE ticket_messages ADD COLUMN shown_in uuid REFERENCES tickets ON DELETE CASCADE;
COMMENT ON COLUMN ticket_messages.shown_in IS 'In whose conversation it is shown: its own ticket''s, or that of the one which that was merged into.';
SET LOCAL ROLE app_maintenance;
WITH RECURSIVE shown AS (
    SELECT id, id AS place FROM tickets WHERE merged_into IS NULL
    UNION ALL
    SELECT tickets.id, shown.place FROM tickets JOIN shown ON tickets.merged_into = shown.id
)
UPDATE ticket_messages SET shown_in = shown.place FROM shown WHERE shown.id = ticket_messages.ticket_id;
RESET ROLE;
ALTER TABLE ticket_messages ALTER COLUMN shown_in SET NOT NULL;
CREATE INDEX ticket_messages_shown_in ON ticket_messages (shown_in, created_at, id);
-- Without it a page of public messages would have to skip over any number of notes.
CREATE INDEX ticket_messages_shown_in_public ON ticket_messages (shown_in, created_at, id) WHERE NOT is_internal;
DROP INDEX ticket_messages_ticket_id_public;

CREATE FUNCTION app.show_where_written() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.shown_in := coalesce(NEW.shown_in, NEW.ticket_id);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.show_where_written IS 'A new message is shown in the ticket that it is written in.';
REVOKE ALL ON FUNCTION app.show_where_written FROM PUBLIC;
CREATE TRIGGER ticket_messages_shown BEFORE INSERT ON ticket_messages FOR EACH ROW EXECUTE FUNCTION app.show_where_written();

-- Whoever merges moves all messages of a ticket, notes too, and reads none.
GRANT SELECT (id, ticket_id, shown_in), UPDATE (shown_in) ON ticket_messages TO app_writer;
CREATE POLICY ticket_messages_writer_merge_whole ON ticket_messages FOR SELECT TO app_writer USING ((SELECT app.can('ticket:merge')));
CREATE POLICY ticket_messages_writer_show_whole ON ticket_messages FOR UPDATE TO app_writer USING ((SELECT app.can('ticket:merge')));
DROP POLICY tickets_writer_change_whole ON tickets;
CREATE POLICY tickets_writer_change_whole ON tickets FOR UPDATE TO app_writer
    USING ((SELECT app.can_any('ticket:update', 'ticket:assign', 'ticket:reply', 'ticket:close', 'ticket:reopen', 'ticket:note', 'ticket:merge')));

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
    "department:write", "ticket:create", "ticket:create:own", "ticket:merge"
]');
SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions || '["ticket:merge"]' WHERE id = '00000000-0000-7000-8000-000000000002';
RESET ROLE;
