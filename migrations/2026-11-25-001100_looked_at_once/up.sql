-- What the program looks at before it serves: which steps its database has, and whether the secrets that go into
-- password hashes are still the ones that they were made with.

CREATE TABLE peppers (
    id         text        PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9]+$'),
    proof      text        NOT NULL CHECK (proof ~ '^[0-9a-f]{64}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE peppers IS 'The peppers that were ever used here, each by what shows that a secret is the same.';
COMMENT ON COLUMN peppers.id IS 'As in SKYPANEL_PEPPERS, and in the hashes.';
COMMENT ON COLUMN peppers.proof IS 'HMAC-SHA-256 of a constant under the secret, in lower-case hex: it tells nothing of the secret.';

ALTER TABLE peppers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON peppers TO app_maintenance;
CREATE POLICY peppers_maintenance ON peppers TO app_maintenance USING (true) WITH CHECK (true);
GRANT SELECT ON peppers TO app_auth;
CREATE POLICY peppers_auth ON peppers FOR SELECT TO app_auth USING (true);
GRANT SELECT ON __diesel_schema_migrations TO app_auth;

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

CREATE FUNCTION app.schema_steps() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT m.version::text FROM public.__diesel_schema_migrations m ORDER BY m.version COLLATE "C");
END
$$;
COMMENT ON FUNCTION app.schema_steps IS 'The versions of the steps that this database has.';

CREATE FUNCTION app.pepper_proofs() RETURNS TABLE (id text, proof text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT p.id, p.proof FROM public.peppers p;
END
$$;
COMMENT ON FUNCTION app.pepper_proofs IS 'What the program compares its peppers with at its start.';

REVOKE ALL ON FUNCTION app.schema_steps, app.pepper_proofs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.schema_steps, app.pepper_proofs TO skypanel_pool;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
