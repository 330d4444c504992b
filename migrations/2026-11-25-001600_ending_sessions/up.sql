-- Ending a session asks for no more than the permission to end it: a DELETE finds only rows that its viewer may see, so
-- a holder of session:revoke without session:read could end nobody's but their own.

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

CREATE FUNCTION app.end_session(p_session uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM public.sessions s
    WHERE s.id = p_session
      AND app.is_live_session(s.id)
      AND (app.can('session:revoke') OR (s.user_id = app.viewer_id() AND app.can('session:revoke:own')));
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION app.end_session IS 'Ends a live session that the viewer may end; whether there was one.';

CREATE FUNCTION app.end_other_sessions() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ended bigint := 0;
BEGIN
    IF app.can('session:revoke:own') THEN
        DELETE FROM public.sessions s
        WHERE s.user_id = app.viewer_id()
          AND s.id <> NULLIF(current_setting('skypanel.session_id', true), '')::uuid
          AND app.is_live_session(s.id);
        GET DIAGNOSTICS ended = ROW_COUNT;
    END IF;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION app.end_other_sessions IS 'Ends the viewer''s live sessions but the one that asks; how many there were.';

REVOKE ALL ON FUNCTION app.end_session, app.end_other_sessions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.end_session, app.end_other_sessions TO app_customer, app_staff;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
