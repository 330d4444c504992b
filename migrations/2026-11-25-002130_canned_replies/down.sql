SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions - ARRAY['canned_reply:read', 'canned_reply:write']
WHERE permissions ?| ARRAY['canned_reply:read', 'canned_reply:write'];
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
    "department:write", "ticket:create", "ticket:create:own", "ticket:merge"
]');
DROP TABLE canned_replies;
