-- People and roles: who changes them, and what has to hold whoever does.

-- ---------------------------------------------------------------- what a person's state remembers

ALTER TABLE users
    ADD COLUMN suspended_from text CHECK (suspended_from IN ('pending', 'active')),
    ADD COLUMN closed_from text CHECK (closed_from IN ('pending', 'active', 'suspended')),
    ADD COLUMN closed_at timestamptz,
    ADD CONSTRAINT users_suspension_remembered CHECK (
        suspended_from IS NULL OR status = 'suspended' OR (status = 'closed' AND closed_from IS NOT DISTINCT FROM 'suspended')
    ),
    ADD CONSTRAINT users_closing_remembered CHECK (status = 'closed' OR (closed_from IS NULL AND closed_at IS NULL)),
    ADD CONSTRAINT users_closed_at_shown CHECK (closed_at >= '0001-01-01 00:00:00+00' AND closed_at < '10000-01-01 00:00:00+00');
COMMENT ON COLUMN users.suspended_from IS 'The state that a reinstated person returns to. Null: active.';
COMMENT ON COLUMN users.closed_from IS 'The state that a reopened person returns to. Null: active.';
COMMENT ON COLUMN users.closed_at IS 'When the account was closed, by the clock of the business. Null also where that was before this column.';
GRANT SELECT (suspended_from, closed_from, closed_at) ON users TO app_customer, app_staff, app_writer;

-- Nothing verifies against it, so whoever gets an account from staff signs in after setting a password.
ALTER TABLE users ALTER COLUMN password_hash SET DEFAULT '!';
COMMENT ON COLUMN users.password_hash IS 'bcrypt over a peppered password, "$sp$<pepper>$2b$…"; "!" is nobody''s. No app role may read it.';

ALTER TABLE users ALTER COLUMN created_at SET DEFAULT app.now(), ALTER COLUMN updated_at SET DEFAULT app.now();
ALTER TABLE roles ALTER COLUMN created_at SET DEFAULT app.now(), ALTER COLUMN updated_at SET DEFAULT app.now();
ALTER TABLE user_roles ALTER COLUMN created_at SET DEFAULT app.now();

-- ---------------------------------------------------------------- permissions of the fields that came

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

SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions || '["user:update:own", "user:close:own"]'
WHERE id = '00000000-0000-7000-8000-000000000004';
RESET ROLE;

-- What every new account gets says nothing of other people's rows.
ALTER TABLE roles ADD CONSTRAINT roles_default_own CHECK (
    NOT is_default OR NOT jsonb_path_exists(permissions, '$[*] ? (!(@ like_regex ":own$"))')
);

-- ---------------------------------------------------------------- who may do what stands still while it is changed

GRANT SELECT ON servers TO app_auth;
CREATE POLICY servers_auth ON servers FOR SELECT TO app_auth USING (true);

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

CREATE FUNCTION app.hold_rights() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('skypanel rights'));
END
$$;
COMMENT ON FUNCTION app.hold_rights IS 'Until the end of the transaction nobody else changes rights, or goes by somebody else''s: such changes go one after another.';

CREATE FUNCTION app.rights_of(p_user uuid) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.hold_rights();
    -- A statement of its own, so that it sees what the one before in the queue has left.
    RETURN app.permissions_of(p_user);
END
$$;
COMMENT ON FUNCTION app.rights_of IS 'The permissions of a person, which stay so until the end of the transaction.';

CREATE FUNCTION app.has_administrator() RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.hold_rights();
    RETURN EXISTS (
        SELECT
        FROM public.roles r
        JOIN public.user_roles ur ON ur.role_id = r.id
        JOIN public.users u ON u.id = ur.user_id
        WHERE r.permissions ? '*' AND u.status = 'active'
    );
END
$$;
COMMENT ON FUNCTION app.has_administrator IS 'Whether somebody active holds every permission; that stays so until the end of the transaction.';

CREATE FUNCTION app.keep_an_administrator() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken boolean;
BEGIN
    IF TG_TABLE_NAME = 'users' THEN
        taken := '*' = ANY (app.permissions_of(OLD.id));
    ELSIF TG_TABLE_NAME = 'user_roles' THEN
        taken := EXISTS (SELECT FROM public.roles r WHERE r.id = OLD.role_id AND r.permissions ? '*');
    ELSE
        taken := EXISTS (SELECT FROM public.user_roles ur WHERE ur.role_id = OLD.id);
    END IF;
    IF taken AND NOT app.has_administrator() THEN
        RAISE EXCEPTION 'the last administrator stays one'
            USING ERRCODE = 'check_violation', SCHEMA = 'public', TABLE = TG_TABLE_NAME, CONSTRAINT = 'last_administrator';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.keep_an_administrator IS 'Refuses a transaction that takes away the last active holder of every permission, whoever runs it.';

CREATE FUNCTION app.default_role() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT r.id FROM public.roles r WHERE r.is_default);
END
$$;
COMMENT ON FUNCTION app.default_role IS 'The role that every new account gets, for those who make accounts without seeing roles.';

CREATE FUNCTION app.password_of(p_user uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT u.password_hash FROM public.users u WHERE u.id = p_user AND u.status IN ('pending', 'active'));
END
$$;
COMMENT ON FUNCTION app.password_of IS 'What a password that somebody signed in enters once more has to be verified against.';

CREATE FUNCTION app.end_sessions_of(p_user uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ended bigint := 0;
BEGIN
    IF app.can('user:suspend') OR app.can('user:close') OR (p_user = app.viewer_id() AND app.can('user:close:own')) THEN
        -- Of an account that was active a moment ago.
        SELECT count(*) INTO ended
        FROM public.sessions s
        WHERE s.user_id = p_user
          AND app.is_live(s.expires_at, s.created_at, s.last_activity, 'active', app.is_staff(app.permissions_of(p_user)));
        DELETE FROM public.sessions s WHERE s.user_id = p_user;
    END IF;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION app.end_sessions_of IS 'Ends all sessions of a person, for those who suspend and close accounts; how many were alive.';

CREATE FUNCTION app.holder_of_session(p_session uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT s.user_id FROM public.sessions s WHERE s.id = p_session AND app.can('session:revoke'));
END
$$;
COMMENT ON FUNCTION app.holder_of_session IS 'Whose a session is, for those who may end anybody''s.';

CREATE FUNCTION app.unsettled(p_user uuid, OUT has_servers boolean, OUT has_invoices boolean, OUT has_credit boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT (app.can('user:close') OR (p_user = app.viewer_id() AND app.can('user:close:own'))) THEN
        RAISE insufficient_privilege USING MESSAGE = 'user:close is required';
    END IF;
    has_servers := EXISTS (SELECT FROM public.servers s WHERE s.user_id = p_user AND s.status <> 'terminated');
    has_invoices := EXISTS (SELECT FROM public.invoices i WHERE i.user_id = p_user AND i.status IN ('pending', 'overdue'));
    has_credit := EXISTS (SELECT FROM app.balances(ARRAY[p_user]) b WHERE b.amount <> 0);
END
$$;
COMMENT ON FUNCTION app.unsettled IS 'What stands in the way of closing an account: live servers, invoices to be paid, a balance.';

-- The sums of app.credits, which from here on only says who may know them.
CREATE FUNCTION app.balances(p_users uuid[]) RETURNS TABLE (user_id uuid, currency text, amount numeric) LANGUAGE sql STABLE
BEGIN ATOMIC
    -- A refunded row still counts, because the refund that undid it counts as well.
    SELECT t.user_id, t.currency, sum(
               CASE WHEN t.kind = 'credit' THEN t.amount
                    WHEN t.kind = 'adjustment' AND t.direction = 'in' THEN t.amount
                    WHEN t.kind = 'refund' AND t.gateway = 'credit' THEN t.amount
                    ELSE -t.amount
               END
           )
    FROM public.transactions t
    LEFT JOIN public.transactions parent ON parent.id = t.parent_id
    WHERE t.user_id = ANY (p_users)
      AND t.status IN ('completed', 'refunded')
      -- Of payments and refunds only those that took from the balance, gave to it, or paid a top-up back.
      AND (t.kind IN ('credit', 'usage', 'adjustment') OR t.gateway = 'credit' OR parent.kind = 'credit')
    GROUP BY t.user_id, t.currency;
END;
COMMENT ON FUNCTION app.balances IS 'Prepaid balances, one row a person and currency.';

CREATE OR REPLACE FUNCTION app.credits(p_users uuid[]) RETURNS TABLE (user_id uuid, currency text, amount numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- Planned once a connection: app.balances becomes part of this statement, which a definer function in SQL would
    -- have planned at each call.
    RETURN QUERY
    SELECT b.user_id, b.currency, b.amount
    FROM app.balances(p_users) AS b
    WHERE (SELECT app.can('credit:read')) OR (b.user_id = (SELECT app.viewer_id()) AND (SELECT app.can('credit:read:own')));
END
$$;

REVOKE ALL ON FUNCTION
    app.hold_rights, app.rights_of, app.has_administrator, app.default_role, app.end_sessions_of,
    app.holder_of_session, app.unsettled, app.balances, app.password_of
FROM PUBLIC;
-- What hands out password hashes is for the program before it takes a viewer's role, and for no viewer.
GRANT EXECUTE ON FUNCTION app.password_of TO skypanel_pool;
GRANT EXECUTE ON FUNCTION
    app.hold_rights, app.rights_of, app.has_administrator, app.default_role, app.end_sessions_of,
    app.holder_of_session, app.unsettled
TO app_writer;

RESET ROLE;

-- At the end of the transaction, since what replaces an administrator may come after what takes one away.
CREATE CONSTRAINT TRIGGER users_keep_an_administrator AFTER UPDATE OF status ON users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.status = 'active' AND NEW.status <> 'active') EXECUTE FUNCTION app.keep_an_administrator();
CREATE CONSTRAINT TRIGGER user_roles_keep_an_administrator AFTER UPDATE OR DELETE ON user_roles
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.keep_an_administrator();
CREATE CONSTRAINT TRIGGER roles_keep_an_administrator AFTER UPDATE OF permissions ON roles
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.permissions ? '*' AND NOT NEW.permissions ? '*') EXECUTE FUNCTION app.keep_an_administrator();

SET LOCAL ROLE app_auth;
REVOKE ALL ON FUNCTION app.keep_an_administrator FROM PUBLIC;
RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;

-- ---------------------------------------------------------------- who writes

GRANT INSERT (id, created_at, updated_at, email, username, first_name, last_name, email_verified, status, virtfusion_id,
    server_limit, suspension_reason, suspended_from, closed_from, closed_at) ON users TO app_writer;
GRANT UPDATE (updated_at, revision, email, username, first_name, last_name, email_verified, status, virtfusion_id,
    server_limit, suspension_reason, suspended_from, closed_from, closed_at) ON users TO app_writer;
CREATE POLICY users_writer_add ON users FOR INSERT TO app_writer WITH CHECK ((SELECT app.can('user:create')));
CREATE POLICY users_writer_change_own ON users FOR UPDATE TO app_writer
    USING (id = (SELECT app.viewer_id()) AND (SELECT app.can_any('user:update:own', 'user:close:own')));
-- Whoever gives roles to people locks them meanwhile.
CREATE POLICY users_writer_change_whole ON users FOR UPDATE TO app_writer
    USING ((SELECT app.can_any('user:update', 'user:suspend', 'user:close', 'role:assign')));

GRANT SELECT, DELETE ON roles TO app_writer;
GRANT INSERT (id, created_at, updated_at, name, description, is_default, permissions) ON roles TO app_writer;
GRANT UPDATE (updated_at, revision, name, description, is_default, permissions) ON roles TO app_writer;
ALTER POLICY roles_held ON roles TO app_customer, app_staff, app_writer;
ALTER POLICY roles_whole_by_role ON roles TO app_staff, app_writer;
ALTER POLICY roles_whole_by_user ON roles TO app_staff, app_writer;
CREATE POLICY roles_writer_add ON roles FOR INSERT TO app_writer WITH CHECK ((SELECT app.can('role:create')));
CREATE POLICY roles_writer_change_whole ON roles FOR UPDATE TO app_writer USING ((SELECT app.can_any('role:update', 'role:delete')));
CREATE POLICY roles_writer_delete ON roles FOR DELETE TO app_writer USING ((SELECT app.can('role:delete')));

GRANT SELECT, DELETE ON user_roles TO app_writer;
GRANT INSERT (user_id, role_id, created_at) ON user_roles TO app_writer;
ALTER POLICY user_roles_own ON user_roles TO app_customer, app_staff, app_writer;
ALTER POLICY user_roles_whole_by_role ON user_roles TO app_staff, app_writer;
ALTER POLICY user_roles_whole_by_user ON user_roles TO app_staff, app_writer;
CREATE POLICY user_roles_writer_add ON user_roles FOR INSERT TO app_writer
    WITH CHECK ((SELECT app.can_any('role:assign', 'user:create')));
CREATE POLICY user_roles_writer_delete ON user_roles FOR DELETE TO app_writer USING ((SELECT app.can('role:assign')));

-- Somebody who cannot answer any more has no tickets: whoever brings that about takes them from him.
CREATE POLICY tickets_writer_assigned ON tickets FOR SELECT TO app_writer
    USING (assigned_to IS NOT NULL AND (SELECT app.can_any('user:suspend', 'user:close', 'role:assign', 'role:update')));
CREATE POLICY tickets_writer_change_assigned ON tickets FOR UPDATE TO app_writer
    USING (assigned_to IS NOT NULL AND (SELECT app.can_any('user:suspend', 'user:close', 'role:assign', 'role:update')))
    WITH CHECK ((SELECT app.can_any('user:suspend', 'user:close', 'role:assign', 'role:update')));
