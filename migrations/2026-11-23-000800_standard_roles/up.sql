-- The roles that every installation starts with. Their ids are fixed, so that later migrations can find
-- them when an administrator has renamed them. What is already there is left as it is.

SET LOCAL ROLE app_maintenance;

INSERT INTO roles (id, name, description, is_default, permissions) VALUES
    ('00000000-0000-7000-8000-000000000001', 'admin', 'Everything.', false, '["*"]'),
    ('00000000-0000-7000-8000-000000000002', 'support', 'Answers tickets and looks after servers and accounts; sees invoices, never payments.', false, '[
        "user:read", "user:reset_credentials", "session:read", "session:revoke", "role:read", "package:read",
        "server:read", "invoice:read", "credit:read", "ticket:read", "ticket:update", "ticket:note"
    ]'),
    ('00000000-0000-7000-8000-000000000003', 'billing', 'Looks after invoices and payments and answers tickets about them.', false, '[
        "user:read", "role:read", "package:read", "server:read", "invoice:read", "transaction:read", "credit:read",
        "ticket:read", "ticket:update", "ticket:note"
    ]'),
    ('00000000-0000-7000-8000-000000000004', 'user', 'A customer: one''s own account and what belongs to it.', true, '[
        "user:read:own", "session:read:own", "session:revoke:own", "server:read:own", "invoice:read:own",
        "transaction:read:own", "credit:read:own", "ticket:read:own"
    ]')
ON CONFLICT DO NOTHING;

RESET ROLE;
