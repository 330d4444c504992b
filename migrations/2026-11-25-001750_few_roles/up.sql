-- Roles are what staff think in, and lists of them have no pages: `roles`, and of each person `User.roles`. So there are
-- at most 100, which bounds what a person can hold as well. Whoever has more already keeps them, and adds none.

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

-- A definer function, as whoever may add a role need not see all of them.
CREATE FUNCTION app.count_roles() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One after another: units that write are READ COMMITTED, so the next one counts what this one left.
    PERFORM pg_advisory_xact_lock(hashtext('skypanel roles'));
    IF (SELECT count(*) FROM public.roles) > 100 THEN
        RAISE EXCEPTION 'there are at most 100 roles'
            USING ERRCODE = 'check_violation', SCHEMA = 'public', TABLE = 'roles', CONSTRAINT = 'roles_at_most_100';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.count_roles IS 'Refuses the 101st role.';

RESET ROLE;

CREATE TRIGGER roles_at_most_100 AFTER INSERT ON roles FOR EACH STATEMENT EXECUTE FUNCTION app.count_roles();
COMMENT ON TRIGGER roles_at_most_100 ON roles IS 'Lists of roles have no pages.';

SET LOCAL ROLE app_auth;
REVOKE ALL ON FUNCTION app.count_roles FROM PUBLIC;
RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
