SET LOCAL ROLE app_auth;
DROP FUNCTION app.holds_demo_data;
RESET ROLE;
DROP TABLE demo_data;
