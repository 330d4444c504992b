-- Whom tickets are for, and how soon they are seen to, become data of the company's own; and tickets have numbers.

CREATE TABLE departments (
    id         uuid        PRIMARY KEY,
    slug       text        NOT NULL CONSTRAINT departments_slug_unique UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 32),
    name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    is_public  boolean     NOT NULL DEFAULT true,
    revision   integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT departments_times_shown CHECK (
        created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'
        AND updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00'
    )
);
COMMENT ON TABLE departments IS 'Whom a ticket is for.';
COMMENT ON COLUMN departments.slug IS 'What tickets refer to it by; it never changes.';
COMMENT ON COLUMN departments.is_public IS 'Whether customers may choose it.';
COMMENT ON COLUMN departments.revision IS 'See users.revision. Its targets count as its own.';

CREATE TABLE department_targets (
    department         text    NOT NULL REFERENCES departments (slug) ON DELETE CASCADE,
    priority           text    NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    response_minutes   integer NOT NULL CHECK (response_minutes BETWEEN 1 AND 525600),
    resolution_minutes integer NOT NULL CHECK (resolution_minutes BETWEEN 1 AND 525600),
    PRIMARY KEY (department, priority)
);
COMMENT ON TABLE department_targets IS 'How soon a department sees to its tickets, in minutes around the clock: four rows for each.';
COMMENT ON COLUMN department_targets.response_minutes IS 'Until the first answer.';
COMMENT ON COLUMN department_targets.resolution_minutes IS 'Until it is settled.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['departments', 'department_targets'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I TO app_maintenance USING (true) WITH CHECK (true)', name || '_maintenance', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO app_maintenance', name);
    END LOOP;
END
$$;

SET LOCAL ROLE app_maintenance;
INSERT INTO departments (id, slug, name, is_public) VALUES
    ('00000000-0000-7000-8000-000000000001', 'general', 'General', true),
    ('00000000-0000-7000-8000-000000000002', 'technical', 'Technical', true),
    ('00000000-0000-7000-8000-000000000003', 'billing', 'Billing', true),
    ('00000000-0000-7000-8000-000000000004', 'sales', 'Sales', true),
    ('00000000-0000-7000-8000-000000000005', 'abuse', 'Abuse', false);
-- What stands still at a customer's, or is misused, is seen to in half the time.
INSERT INTO department_targets (department, priority, response_minutes, resolution_minutes)
SELECT slug, priority, response / part, resolution / part
FROM (SELECT slug, CASE WHEN slug IN ('technical', 'abuse') THEN 2 ELSE 1 END AS part FROM departments) AS department,
     (VALUES ('low', 1440, 10080), ('medium', 480, 4320), ('high', 120, 1440), ('urgent', 30, 240)) AS target (priority, response, resolution);
RESET ROLE;

-- ---------------------------------------------------------------- tickets

ALTER TABLE tickets
    DROP CONSTRAINT tickets_department_check,
    ADD CONSTRAINT tickets_department_fkey FOREIGN KEY (department) REFERENCES departments (slug) ON DELETE RESTRICT;
CREATE INDEX tickets_department ON tickets (department, created_at, id);

CREATE SEQUENCE ticket_numbers AS integer MINVALUE 10000 START 10001;
GRANT USAGE, UPDATE ON SEQUENCE ticket_numbers TO app_maintenance;
ALTER TABLE tickets ADD COLUMN number integer;
SET LOCAL ROLE app_maintenance;
UPDATE tickets SET number = counted.number
FROM (SELECT id, 10000 + row_number() OVER (ORDER BY created_at, id) AS number FROM tickets) AS counted
WHERE tickets.id = counted.id;
SELECT setval('ticket_numbers', coalesce((SELECT max(number) FROM tickets), 10000));
RESET ROLE;
ALTER TABLE tickets
    ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN number SET DEFAULT nextval('ticket_numbers'),
    ADD CONSTRAINT tickets_number_unique UNIQUE (number);
ALTER SEQUENCE ticket_numbers OWNED BY tickets.number;
COMMENT ON COLUMN tickets.number IS 'For people to cite: 10023 is shown as T-10023.';
GRANT SELECT (number) ON tickets TO app_customer;

-- ---------------------------------------------------------------- who sees and changes what

GRANT SELECT ON departments, department_targets TO app_customer, app_staff, app_writer;
CREATE POLICY departments_public ON departments FOR SELECT TO app_customer
    USING (is_public AND (SELECT app.viewer_id()) IS NOT NULL);
-- Whoever sees a ticket sees whom it is for.
CREATE POLICY departments_of_ticket ON departments FOR SELECT TO app_customer
    USING (slug IN (SELECT tickets.department FROM tickets WHERE tickets.user_id = (SELECT app.viewer_id())));
CREATE POLICY departments_whole ON departments FOR SELECT TO app_staff USING ((SELECT app.viewer_id()) IS NOT NULL);
-- Customers see none by any policy, but may ask: a refusal would end the transaction of the whole request.
CREATE POLICY department_targets_whole ON department_targets FOR SELECT TO app_staff USING ((SELECT app.can('ticket:update')));

SET LOCAL ROLE app_auth;
GRANT EXECUTE ON FUNCTION app.role_of_viewer TO app_writer;
RESET ROLE;
CREATE POLICY departments_writer_public ON departments FOR SELECT TO app_writer
    USING (is_public AND (SELECT app.viewer_id()) IS NOT NULL);
CREATE POLICY departments_writer_of_ticket ON departments FOR SELECT TO app_writer
    USING (slug IN (SELECT tickets.department FROM tickets WHERE tickets.user_id = (SELECT app.viewer_id())));
CREATE POLICY departments_writer_whole ON departments FOR SELECT TO app_writer
    USING ((SELECT app.role_of_viewer()) = 'app_staff');
-- The due times of a customer's ticket are set by what he does, though he never sees them.
CREATE POLICY department_targets_writer ON department_targets FOR SELECT TO app_writer
    USING (department IN (SELECT departments.slug FROM departments));

GRANT INSERT (id, slug, name, is_public), UPDATE (name, is_public, revision, updated_at) ON departments TO app_writer;
CREATE POLICY departments_writer_add ON departments FOR INSERT TO app_writer WITH CHECK ((SELECT app.can('department:write')));
CREATE POLICY departments_writer_change_whole ON departments FOR UPDATE TO app_writer USING ((SELECT app.can('department:write')));
GRANT INSERT, UPDATE (response_minutes, resolution_minutes) ON department_targets TO app_writer;
CREATE POLICY department_targets_writer_add ON department_targets FOR INSERT TO app_writer
    WITH CHECK ((SELECT app.can('department:write')));
CREATE POLICY department_targets_writer_change_whole ON department_targets FOR UPDATE TO app_writer
    USING ((SELECT app.can('department:write')));

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
