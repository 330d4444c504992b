SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions - 'department:write' WHERE permissions ? 'department:write';
-- What the five fixed names do not know is for everybody.
UPDATE tickets SET department = 'general' WHERE department NOT IN ('general', 'technical', 'billing', 'sales', 'abuse');
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
    "ticket:reply", "ticket:reply:own", "ticket:close", "ticket:close:own", "ticket:reopen", "ticket:reopen:own"
]');

SET LOCAL ROLE app_auth;
REVOKE EXECUTE ON FUNCTION app.role_of_viewer FROM app_writer;
RESET ROLE;
REVOKE SELECT (number) ON tickets FROM app_customer;
ALTER TABLE tickets DROP COLUMN number; -- and its sequence with it
DROP INDEX tickets_department;
ALTER TABLE tickets
    DROP CONSTRAINT tickets_department_fkey,
    ADD CONSTRAINT tickets_department_check CHECK (department IN ('general', 'technical', 'billing', 'sales', 'abuse'));
DROP TABLE department_targets, departments;
