SET LOCAL ROLE app_auth;
DROP FUNCTION app.pepper_proofs;
DROP FUNCTION app.schema_steps;
RESET ROLE;
REVOKE SELECT ON __diesel_schema_migrations FROM app_auth;
DROP TABLE peppers;
