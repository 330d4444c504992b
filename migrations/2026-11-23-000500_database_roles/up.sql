-- Who the program is towards the database.
--
--   skypanel_pool     logs in; owns nothing, inherits nothing, and becomes one of the next five by SET LOCAL ROLE
--   app_anon, app_customer, app_staff
--                     the three kinds of viewer; row security says what each sees
--   app_writer        writes what a mutation was allowed to do
--   app_worker        what runs on a clock, without a viewer
--   app_auth          nobody; owns the functions that may look behind row security
--   app_maintenance   the owner's way past row security, for seeds and data migrations
--
-- Roles and memberships belong to the cluster and not to this database: an administrator or another
-- database may have made them already, or be making them now. So each is tried alone and nothing is taken back.

DO $$
DECLARE
    -- Since 16 a creator holds ADMIN on a role, and so counts as MEMBER, without being able to SET it.
    modern boolean := current_setting('server_version_num')::integer >= 160000;
    can_set text := CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END;
    options text := CASE WHEN modern THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
    role text;
    member text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'skypanel_pool LOGIN NOINHERIT',
        'app_anon', 'app_customer', 'app_staff', 'app_writer', 'app_worker', 'app_auth', 'app_maintenance'
    ] LOOP
        BEGIN
            EXECUTE 'CREATE ROLE ' || role;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;

    FOR role, member IN
        SELECT r, 'skypanel_pool' FROM unnest(ARRAY['app_anon', 'app_customer', 'app_staff', 'app_writer', 'app_worker']) AS r
        UNION ALL
        SELECT r, current_user FROM unnest(ARRAY['app_auth', 'app_maintenance']) AS r
    LOOP
        -- Asked first: granting what already holds would need ADMIN, which an administrator may have kept.
        IF NOT pg_has_role(member, role, can_set) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', role, member) || options;
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'Functions: who asks, and the few questions that row security cannot answer.';

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public, app TO app_anon, app_customer, app_staff, app_auth, app_maintenance;
GRANT USAGE ON SCHEMA public TO app_worker;
-- It asks who the viewer is before it has a role of its own.
GRANT USAGE ON SCHEMA app TO skypanel_pool;
