-- What is for staff alone is closed to customers by the database, too: the third wall, which stood around rows only.

REVOKE SELECT ON servers FROM app_customer;
GRANT SELECT (
    id, name, hostname, ip_address, status, user_id, package_id, created_at, updated_at, deleted_at, cpu_cores,
    memory_mb, disk_gb, bandwidth_gb, suspension_reason, is_protected, terminate_at, revision, name_key,
    hostname_key
) ON servers TO app_customer; -- not: node_id

REVOKE SELECT ON tickets FROM app_customer;
GRANT SELECT (
    id, user_id, assigned_to, subject, status, priority, department, created_at, updated_at, closed_at,
    server_id, revision, merged_into, priority_rank, subject_words
) ON tickets TO app_customer; -- not: hold_reason, response_due_at, resolution_due_at, response_due_sort

REVOKE SELECT (virtfusion_id, server_limit) ON users FROM app_customer;

-- Serving makes no temporary tables; seeds make temporary functions.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO app_maintenance', current_database());
END
$$;
