DROP POLICY tickets_writer_change_assigned ON tickets;
DROP POLICY tickets_writer_assigned ON tickets;

DROP POLICY user_roles_writer_delete ON user_roles;
DROP POLICY user_roles_writer_add ON user_roles;
ALTER POLICY user_roles_whole_by_user ON user_roles TO app_staff;
ALTER POLICY user_roles_whole_by_role ON user_roles TO app_staff;
ALTER POLICY user_roles_own ON user_roles TO app_customer, app_staff;
REVOKE ALL ON user_roles FROM app_writer;
REVOKE INSERT (user_id, role_id, created_at) ON user_roles FROM app_writer;

DROP POLICY roles_writer_delete ON roles;
DROP POLICY roles_writer_change_whole ON roles;
DROP POLICY roles_writer_add ON roles;
ALTER POLICY roles_whole_by_user ON roles TO app_staff;
ALTER POLICY roles_whole_by_role ON roles TO app_staff;
ALTER POLICY roles_held ON roles TO app_customer, app_staff;
REVOKE ALL ON roles FROM app_writer;
REVOKE INSERT (id, created_at, updated_at, name, description, is_default, permissions) ON roles FROM app_writer;
REVOKE UPDATE (updated_at, revision, name, description, is_default, permissions) ON roles FROM app_writer;

DROP POLICY users_writer_change_whole ON users;
DROP POLICY users_writer_change_own ON users;
DROP POLICY users_writer_add ON users;
REVOKE INSERT (id, created_at, updated_at, email, username, first_name, last_name, email_verified, status, virtfusion_id,
    server_limit, suspension_reason) ON users FROM app_writer;
REVOKE UPDATE (updated_at, revision, email, username, first_name, last_name, email_verified, status, virtfusion_id,
    server_limit, suspension_reason) ON users FROM app_writer;

DROP TRIGGER roles_keep_an_administrator ON roles;
DROP TRIGGER user_roles_keep_an_administrator ON user_roles;
DROP TRIGGER users_keep_an_administrator ON users;

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;
DROP FUNCTION app.unsettled, app.password_of, app.holder_of_session, app.end_sessions_of, app.default_role, app.keep_an_administrator,
    app.has_administrator, app.rights_of, app.hold_rights;
CREATE OR REPLACE FUNCTION app.credits(p_users uuid[]) RETURNS TABLE (user_id uuid, currency text, amount numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
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
      AND (app.can('credit:read') OR (t.user_id = app.viewer_id() AND app.can('credit:read:own')))
    GROUP BY t.user_id, t.currency
$$;
DROP FUNCTION app.balances;
RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;

DROP POLICY servers_auth ON servers;
REVOKE SELECT ON servers FROM app_auth;

ALTER TABLE roles DROP CONSTRAINT roles_default_own;

-- Names that no step before knew go out of every role.
SET LOCAL ROLE app_maintenance;
UPDATE roles
SET permissions = permissions - ARRAY[
    'user:create', 'user:update', 'user:update:own', 'user:suspend', 'user:close', 'user:close:own',
    'role:create', 'role:update', 'role:delete', 'role:assign'
]
WHERE permissions ?| ARRAY[
    'user:create', 'user:update', 'user:update:own', 'user:suspend', 'user:close', 'user:close:own',
    'role:create', 'role:update', 'role:delete', 'role:assign'
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
    "ticket:read", "ticket:read:own", "ticket:update", "ticket:note", "ticket:assign",
    "ticket:reply", "ticket:reply:own", "ticket:close", "ticket:close:own", "ticket:reopen", "ticket:reopen:own",
    "ticket:create", "ticket:create:own", "ticket:merge",
    "department:write", "canned_reply:read", "canned_reply:write"
]');

ALTER TABLE user_roles ALTER COLUMN created_at SET DEFAULT now();
ALTER TABLE roles ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN updated_at SET DEFAULT now();
ALTER TABLE users ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN updated_at SET DEFAULT now();

COMMENT ON COLUMN users.password_hash IS 'bcrypt over a peppered password, "$sp$<pepper>$2b$…". No app role may read it.';
ALTER TABLE users ALTER COLUMN password_hash DROP DEFAULT;
REVOKE ALL (suspended_from, closed_from, closed_at) ON users FROM app_customer, app_staff, app_writer;
ALTER TABLE users DROP COLUMN suspended_from, DROP COLUMN closed_from, DROP COLUMN closed_at;
