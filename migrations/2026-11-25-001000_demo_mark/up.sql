-- Demo and load-test data has sign-ins that everybody knows: the database says that it holds some, and the program
-- looks at it before it serves in public.

CREATE TABLE demo_data (
    kind text PRIMARY KEY CHECK (kind IN ('demo', 'scale'))
);

COMMENT ON TABLE demo_data IS 'What was loaded of data whose passwords everybody knows; empty in front of customers.';
COMMENT ON COLUMN demo_data.kind IS 'demo: a small company to look at; scale: many people to measure with.';

ALTER TABLE demo_data ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON demo_data TO app_maintenance;
CREATE POLICY demo_data_maintenance ON demo_data TO app_maintenance USING (true) WITH CHECK (true);
GRANT SELECT ON demo_data TO app_auth;
CREATE POLICY demo_data_auth ON demo_data FOR SELECT TO app_auth USING (true);

-- What was loaded before there was this mark.
SET LOCAL ROLE app_maintenance;
INSERT INTO demo_data (kind)
SELECT known.kind
FROM (VALUES ('demo', 'ada@example.com'), ('scale', 'user1@example.com')) AS known (kind, email)
WHERE EXISTS (SELECT FROM users WHERE users.email = known.email);
RESET ROLE;

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

CREATE FUNCTION app.holds_demo_data() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.demo_data);
END
$$;
COMMENT ON FUNCTION app.holds_demo_data IS 'Whether there are sign-ins here that everybody knows.';

REVOKE ALL ON FUNCTION app.holds_demo_data FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.holds_demo_data TO skypanel_pool;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
