REVOKE SELECT ON servers FROM app_customer;
GRANT SELECT ON servers TO app_customer;
REVOKE SELECT ON tickets FROM app_customer;
GRANT SELECT ON tickets TO app_customer;
GRANT SELECT (virtfusion_id, server_limit) ON users TO app_customer;

DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM app_maintenance', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;
