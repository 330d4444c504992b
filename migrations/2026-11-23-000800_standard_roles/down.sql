-- Those that somebody holds stay: taking rights away from people is not this step's to do.
SET LOCAL ROLE app_maintenance;

DELETE FROM roles
WHERE id IN (
    '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002',
    '00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000004'
)
AND NOT EXISTS (SELECT FROM user_roles WHERE user_roles.role_id = roles.id);

RESET ROLE;
