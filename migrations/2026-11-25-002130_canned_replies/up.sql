-- Answers that staff keeps ready.

CREATE TABLE canned_replies (
    id            uuid        PRIMARY KEY,
    name          text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    content       text        NOT NULL CHECK (char_length(content) BETWEEN 1 AND 20000),
    department_id uuid        REFERENCES departments ON DELETE SET NULL,
    revision      integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT app.now(),
    updated_at    timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT canned_replies_times_shown CHECK (
        created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'
        AND updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00'
    )
);
CREATE INDEX canned_replies_department_id ON canned_replies (department_id);
COMMENT ON TABLE canned_replies IS 'Answers that staff keeps ready.';
COMMENT ON COLUMN canned_replies.department_id IS 'Whose it is. Null: of all departments.';
COMMENT ON COLUMN canned_replies.revision IS 'See users.revision.';

ALTER TABLE canned_replies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY canned_replies_maintenance ON canned_replies TO app_maintenance USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON canned_replies TO app_maintenance;
-- Customers see none by any policy, but may ask: a refusal would end the transaction of the whole request.
GRANT SELECT ON canned_replies TO app_customer, app_staff, app_writer;
CREATE POLICY canned_replies_whole ON canned_replies FOR SELECT TO app_staff USING ((SELECT app.can('canned_reply:read')));
CREATE POLICY canned_replies_writer_whole ON canned_replies FOR SELECT TO app_writer USING ((SELECT app.can('canned_reply:read')));
GRANT INSERT (id, name, content, department_id), UPDATE (name, content, department_id, revision, updated_at), DELETE
    ON canned_replies TO app_writer;
CREATE POLICY canned_replies_writer_add ON canned_replies FOR INSERT TO app_writer
    WITH CHECK ((SELECT app.can('canned_reply:write')));
CREATE POLICY canned_replies_writer_change_whole ON canned_replies FOR UPDATE TO app_writer
    USING ((SELECT app.can('canned_reply:write')));
CREATE POLICY canned_replies_writer_delete ON canned_replies FOR DELETE TO app_writer
    USING ((SELECT app.can('canned_reply:write')));

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
    "department:write", "ticket:create", "ticket:create:own", "ticket:merge", "canned_reply:read", "canned_reply:write"
]');
SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions || added.names
FROM (VALUES
    ('00000000-0000-7000-8000-000000000002'::uuid, '["canned_reply:read", "canned_reply:write"]'::jsonb),
    ('00000000-0000-7000-8000-000000000003'::uuid, '["canned_reply:read"]'::jsonb)
) AS added (role, names)
WHERE roles.id = added.role;
RESET ROLE;
