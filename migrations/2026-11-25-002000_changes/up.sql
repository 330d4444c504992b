-- How changes are made: by which clock, by which role, and what is kept of each.

-- ---------------------------------------------------------------- the clock of the business

CREATE TABLE app.clock_offset (
    is_set boolean  PRIMARY KEY DEFAULT true CHECK (is_set),
    shift  interval NOT NULL
);
COMMENT ON TABLE app.clock_offset IS 'How far the clock of the business is ahead of the real one: no row or one. Only the owner writes it, and production refuses to start with it.';

GRANT SELECT ON app.clock_offset TO app_auth;
GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

-- Anybody can make a setting, so who asks decides whether it counts. Inside a definer function current_user is the
-- definer; "role" is still whom the caller took.
CREATE FUNCTION app.instant() RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('role', true) = 'app_worker' AND NULLIF(current_setting('skypanel.now', true), '') IS NOT NULL THEN
        RETURN current_setting('skypanel.now')::timestamptz;
    END IF;
    RETURN clock_timestamp() + coalesce((SELECT o.shift FROM app.clock_offset o), interval '0');
END
$$;
COMMENT ON FUNCTION app.instant IS 'What time it is by the clock of the business, at this moment. A job may set skypanel.now.';

CREATE FUNCTION app.now() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('role', true) = 'app_worker' AND NULLIF(current_setting('skypanel.now', true), '') IS NOT NULL THEN
        RETURN current_setting('skypanel.now')::timestamptz;
    END IF;
    RETURN now() + coalesce((SELECT o.shift FROM app.clock_offset o), interval '0');
END
$$;
COMMENT ON FUNCTION app.now IS 'The same, at the beginning of the transaction.';

-- ---------------------------------------------------------------- who writes

CREATE FUNCTION app.can_any(VARIADIC p_permissions text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM unnest(p_permissions) AS wanted (permission) WHERE app.can(wanted.permission));
END
$$;
COMMENT ON FUNCTION app.can_any IS 'Whether the viewer holds one of these permissions.';

CREATE FUNCTION app.person_can(p_user uuid, p_permission text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.users u WHERE u.id = p_user AND u.status = 'active')
       AND app.permissions_of(p_user) && ARRAY['*', p_permission];
END
$$;
COMMENT ON FUNCTION app.person_can IS 'Whether a person may sign in and holds a permission on any row.';

REVOKE ALL ON FUNCTION app.instant, app.now, app.can_any, app.person_can FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.instant, app.person_can TO app_writer;
GRANT EXECUTE ON FUNCTION app.now TO app_anon, app_customer, app_staff, app_writer, app_worker, app_maintenance, skypanel_pool;
GRANT EXECUTE ON FUNCTION app.can_any TO app_writer;
GRANT EXECUTE ON FUNCTION
    app.viewer_id, app.session_id, app.can,
    app.is_live_session, app.open_session, app.end_session, app.end_other_sessions
TO app_writer;
-- The roles of viewers only read from here on.
REVOKE EXECUTE ON FUNCTION app.open_session FROM app_anon, app_customer, app_staff;
REVOKE EXECUTE ON FUNCTION app.end_session, app.end_other_sessions FROM app_customer, app_staff;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
GRANT USAGE ON SCHEMA public, app TO app_writer;

-- A writing unit has one role for all it does. What it reads is what its viewer reads, and what it changes is what
-- some permission of its viewer changes; which of them a change needs, and in which state, its command says.

DROP POLICY sessions_revoke_own ON sessions;
DROP POLICY sessions_revoke_whole ON sessions;
DROP POLICY sessions_end_current ON sessions;
REVOKE DELETE ON sessions FROM app_customer, app_staff;

GRANT SELECT (id, user_id, ip_address, user_agent, expires_at, created_at, last_activity), DELETE ON sessions TO app_writer;
CREATE POLICY sessions_writer_current ON sessions FOR SELECT TO app_writer USING (id = (SELECT app.session_id()));
CREATE POLICY sessions_writer_end_current ON sessions FOR DELETE TO app_writer USING (id = (SELECT app.session_id()));

GRANT SELECT (
    id, email, username, first_name, last_name, email_verified, created_at, updated_at, last_login, status, virtfusion_id,
    revision, server_limit, suspension_reason, email_key, username_key, last_login_sort
) ON users TO app_writer; -- not: password_hash
CREATE POLICY users_writer_own ON users FOR SELECT TO app_writer
    USING (id = (SELECT app.viewer_id()) AND (SELECT app.can('user:read:own')));
CREATE POLICY users_writer_whole ON users FOR SELECT TO app_writer USING ((SELECT app.can('user:read')));

GRANT SELECT ON tickets TO app_writer;
GRANT UPDATE (
    assigned_to, subject, status, priority, department, updated_at, closed_at, server_id, revision, hold_reason,
    response_due_at, resolution_due_at, merged_into
) ON tickets TO app_writer;
CREATE POLICY tickets_writer_own ON tickets FOR SELECT TO app_writer
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('ticket:read:own')));
CREATE POLICY tickets_writer_whole ON tickets FOR SELECT TO app_writer USING ((SELECT app.can('ticket:read')));
CREATE POLICY tickets_writer_change_own ON tickets FOR UPDATE TO app_writer
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can_any('ticket:reply:own', 'ticket:close:own', 'ticket:reopen:own')));
CREATE POLICY tickets_writer_change_whole ON tickets FOR UPDATE TO app_writer
    USING ((SELECT app.can_any('ticket:update', 'ticket:assign', 'ticket:reply', 'ticket:close', 'ticket:reopen', 'ticket:note')));

GRANT INSERT (id, ticket_id, user_id, content, is_internal, created_at, updated_at) ON ticket_messages TO app_writer;
-- One's own words, in a ticket that one sees: foreign keys alone would not ask who looks.
CREATE POLICY ticket_messages_writer_reply ON ticket_messages FOR INSERT TO app_writer
    WITH CHECK (
        NOT is_internal AND user_id = (SELECT app.viewer_id())
        AND EXISTS (
            SELECT FROM tickets
            WHERE tickets.id = ticket_messages.ticket_id
              AND ((SELECT app.can('ticket:reply')) OR (tickets.user_id = (SELECT app.viewer_id()) AND (SELECT app.can('ticket:reply:own'))))
        )
    );
CREATE POLICY ticket_messages_writer_note ON ticket_messages FOR INSERT TO app_writer
    WITH CHECK (
        is_internal AND user_id = (SELECT app.viewer_id()) AND (SELECT app.can('ticket:note'))
        AND EXISTS (SELECT FROM tickets WHERE tickets.id = ticket_messages.ticket_id)
    );

-- ---------------------------------------------------------------- what is kept of a change

CREATE TABLE audit_events (
    id           uuid        PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor_id     uuid        REFERENCES users ON DELETE RESTRICT,
    action       text        NOT NULL CHECK (action ~ '^[a-z][A-Za-z]{1,63}$'),
    subject_kind text        NOT NULL CHECK (subject_kind ~ '^[a-z]{3}$'),
    subject_id   uuid        NOT NULL,
    fields       jsonb       NOT NULL CHECK (jsonb_typeof(fields) = 'array'),
    digest       text        NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    request_id   text        NOT NULL CHECK (char_length(request_id) <= 128),
    CONSTRAINT audit_events_times_shown CHECK (at >= '0001-01-01 00:00:00+00' AND at < '10000-01-01 00:00:00+00')
);
CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_actor_id ON audit_events (actor_id, at, id);
CREATE INDEX audit_events_subject_id ON audit_events (subject_id, at, id);
COMMENT ON TABLE audit_events IS 'What happened: a row for each entity that a change touched. Only ever added to.';
COMMENT ON COLUMN audit_events.at IS 'By the clock of the business.';
COMMENT ON COLUMN audit_events.actor_id IS 'Who did it. Null: the system.';
COMMENT ON COLUMN audit_events.action IS 'The mutation or the job.';
COMMENT ON COLUMN audit_events.subject_kind IS 'What kind of thing it was done to: the prefix of its id.';
COMMENT ON COLUMN audit_events.fields IS 'The names of the fields that changed, as the API has them.';
COMMENT ON COLUMN audit_events.digest IS 'SHA-256 of the salt and the changes in audit_details, which can be erased without a trace in this row.';

CREATE TABLE audit_details (
    event_id   uuid  PRIMARY KEY REFERENCES audit_events ON DELETE RESTRICT,
    salt       uuid  NOT NULL,
    changes    jsonb NOT NULL CHECK (jsonb_typeof(changes) = 'array'),
    ip_address text  CHECK (char_length(ip_address) <= 45),
    user_agent text  CHECK (char_length(user_agent) <= 512)
);
COMMENT ON TABLE audit_details IS 'What of an event is personal: before and after of each field, where from. Held apart, so that it can be erased.';
COMMENT ON COLUMN audit_details.changes IS '[{"field", "before", "after"}], as the API shows them, without secrets.';

CREATE TABLE outbox (
    id           uuid        PRIMARY KEY,
    event_id     uuid        NOT NULL REFERENCES audit_events ON DELETE RESTRICT,
    kind         text        NOT NULL CHECK (kind IN ('mail', 'server_action', 'session_ended', 'invoice', 'transaction', 'ticket', 'state')),
    topic        text        NOT NULL CHECK (topic ~ '^[a-z_]{1,64}$'),
    ordering_key uuid        NOT NULL,
    subject_kind text        NOT NULL CHECK (subject_kind ~ '^[a-z]{3}$'),
    subject_id   uuid        NOT NULL,
    payload      jsonb       NOT NULL DEFAULT '{}',
    summary      text        NOT NULL CHECK (char_length(summary) BETWEEN 1 AND 500),
    created_at   timestamptz NOT NULL,
    done_at      timestamptz,
    transaction  bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    CONSTRAINT outbox_times_shown CHECK (
        created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'
        AND done_at >= '0001-01-01 00:00:00+00' AND done_at < '10000-01-01 00:00:00+00'
    )
);
CREATE INDEX outbox_event_id ON outbox (event_id);
CREATE INDEX outbox_waiting ON outbox (topic, created_at, id) WHERE done_at IS NULL;
COMMENT ON TABLE outbox IS 'What has to leave the database because of a change: written with the change, so that neither is there without the other.';
COMMENT ON COLUMN outbox.kind IS 'What it is to the person who caused it: ConsequenceKind of the API.';
COMMENT ON COLUMN outbox.topic IS 'Who takes it.';
COMMENT ON COLUMN outbox.ordering_key IS 'Rows of one key are taken one after another.';
COMMENT ON COLUMN outbox.payload IS 'Ids, never contents.';
COMMENT ON COLUMN outbox.summary IS 'One sentence, fit for the person who caused it.';
COMMENT ON COLUMN outbox.transaction IS 'Who reads in the order of commits goes by it and pg_snapshot_xmin.';

CREATE TABLE idempotency_keys (
    user_id     uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    operation   text        NOT NULL CHECK (operation ~ '^[a-z][A-Za-z]{1,63}$'),
    key         text        NOT NULL CHECK (key ~ '^[ -~]{1,255}$'),
    fingerprint text        NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
    answer      jsonb       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, operation, key),
    CONSTRAINT idempotency_keys_times_shown CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00')
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
COMMENT ON TABLE idempotency_keys IS 'What was answered to a change that came with a key: the same key again is answered the same.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 of the input, in lower-case hex: another one under the same key is refused.';
COMMENT ON COLUMN idempotency_keys.answer IS 'Ids and consequences. What they lead to is read anew.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit_events', 'audit_details', 'outbox', 'idempotency_keys'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I TO app_maintenance USING (true) WITH CHECK (true)', name || '_maintenance', name);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON audit_events TO app_maintenance;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_details, outbox, idempotency_keys TO app_maintenance;

-- Events are only ever added: not even the table's owner changes one by the usual ways.
CREATE FUNCTION app.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION app.refuse_change IS 'Stands before tables that are only ever added to.';
REVOKE ALL ON FUNCTION app.refuse_change FROM PUBLIC;
CREATE TRIGGER audit_events_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- In one's own name alone.
GRANT INSERT ON audit_events, audit_details, outbox TO app_writer;
CREATE POLICY audit_events_writer ON audit_events FOR INSERT TO app_writer WITH CHECK (actor_id = (SELECT app.viewer_id()));
CREATE POLICY audit_details_writer ON audit_details FOR INSERT TO app_writer WITH CHECK ((SELECT app.viewer_id()) IS NOT NULL);
CREATE POLICY outbox_writer ON outbox FOR INSERT TO app_writer WITH CHECK ((SELECT app.viewer_id()) IS NOT NULL);
GRANT SELECT, INSERT ON idempotency_keys TO app_writer;
CREATE POLICY idempotency_keys_writer_read ON idempotency_keys FOR SELECT TO app_writer USING (user_id = (SELECT app.viewer_id()));
CREATE POLICY idempotency_keys_writer_add ON idempotency_keys FOR INSERT TO app_writer WITH CHECK (user_id = (SELECT app.viewer_id()));

-- ---------------------------------------------------------------- tickets: what their changes need

ALTER TABLE tickets
    ADD COLUMN resolution_seconds_left integer CHECK (resolution_seconds_left >= 0),
    ADD CONSTRAINT tickets_clock_runs_or_stands CHECK (resolution_due_at IS NULL OR resolution_seconds_left IS NULL);
COMMENT ON COLUMN tickets.resolution_seconds_left IS 'How much is left of the time to solve it, while that clock stands: the customer is awaited, or it is on hold.';
GRANT UPDATE (resolution_seconds_left) ON tickets TO app_writer;

ALTER TABLE tickets ALTER COLUMN created_at SET DEFAULT app.now(), ALTER COLUMN updated_at SET DEFAULT app.now();
ALTER TABLE ticket_messages ALTER COLUMN created_at SET DEFAULT app.now(), ALTER COLUMN updated_at SET DEFAULT app.now();

-- ---------------------------------------------------------------- permissions of the fields that came

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
    "ticket:reply", "ticket:reply:own", "ticket:close", "ticket:close:own", "ticket:reopen", "ticket:reopen:own"
]');

SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions || added.names
FROM (VALUES
    ('00000000-0000-7000-8000-000000000002'::uuid, '["ticket:reply", "ticket:assign", "ticket:close", "ticket:reopen"]'::jsonb),
    ('00000000-0000-7000-8000-000000000003'::uuid, '["ticket:reply", "ticket:close"]'::jsonb),
    ('00000000-0000-7000-8000-000000000004'::uuid, '["ticket:reply:own", "ticket:close:own", "ticket:reopen:own"]'::jsonb)
) AS added (role, names)
WHERE roles.id = added.role;
RESET ROLE;
