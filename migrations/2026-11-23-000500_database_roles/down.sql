-- The roles and their memberships stay: other databases of the cluster use them.
DROP SCHEMA app;
REVOKE USAGE ON SCHEMA public FROM app_anon, app_customer, app_staff, app_auth, app_maintenance, app_worker;
GRANT USAGE ON SCHEMA public TO PUBLIC;
