-- Whether a session is alive has one definition: what a dead token is refused by is what lists, counts and the
-- look-up by id go by, too. And ended sessions do not stay for ever.

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

-- The one definition. An expression without a FROM, so that the planner puts it into the statement.
CREATE FUNCTION app.is_live(p_expires timestamptz, p_created timestamptz, p_used timestamptz, p_status text, p_staff boolean)
RETURNS boolean LANGUAGE sql STABLE
RETURN p_status IN ('pending', 'active')
   AND p_expires > now()
   AND p_used > now() - CASE WHEN p_staff THEN interval '30 minutes' ELSE interval '24 hours' END
   -- Also the sessions that somebody opened before becoming staff.
   AND (NOT p_staff OR p_created > now() - interval '12 hours');
COMMENT ON FUNCTION app.is_live IS 'Whether a session is alive: by its absolute end, when it was begun and last used, the status of its account, and whether that is staff.';

CREATE FUNCTION app.is_live_session(p_session uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT
        FROM public.sessions s
        JOIN public.users u ON u.id = s.user_id
        CROSS JOIN LATERAL (
            SELECT EXISTS (
                SELECT
                FROM public.user_roles ur
                JOIN public.roles r ON r.id = ur.role_id
                CROSS JOIN LATERAL jsonb_array_elements_text(r.permissions) AS granted (permission)
                WHERE ur.user_id = s.user_id AND granted.permission NOT LIKE '%:own'
            )
        ) AS held (staff)
        WHERE s.id = p_session
          AND app.is_live(s.expires_at, s.created_at, s.last_activity, u.status, held.staff)
    );
END
$$;
COMMENT ON FUNCTION app.is_live_session IS 'Whether a session is alive, for whoever sees the session and not the roles of its account.';

CREATE FUNCTION app.delete_ended_sessions() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    deleted bigint;
BEGIN
    WITH desk AS MATERIALIZED (
        SELECT DISTINCT ur.user_id
        FROM public.user_roles ur
        JOIN public.roles r ON r.id = ur.role_id
        CROSS JOIN LATERAL jsonb_array_elements_text(r.permissions) AS granted (permission)
        WHERE granted.permission NOT LIKE '%:own'
    )
    DELETE FROM public.sessions s
    USING public.users u
    LEFT JOIN desk ON desk.user_id = u.id
    WHERE u.id = s.user_id
      -- The latest uses may not be written yet: an idle session gets some time more.
      AND NOT app.is_live(s.expires_at, s.created_at, s.last_activity + interval '5 minutes', u.status, desk.user_id IS NOT NULL);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;
COMMENT ON FUNCTION app.delete_ended_sessions IS 'Deletes the sessions that have ended, and says how many.';

DROP FUNCTION app.authenticate(text);
CREATE FUNCTION app.authenticate(
    p_token text,
    p_used timestamptz DEFAULT NULL,
    OUT session_id uuid, OUT user_id uuid, OUT kind text, OUT permissions text[], OUT email_verified boolean, OUT last_activity timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    staff boolean;
BEGIN
    -- app.permissions_of and app.is_staff inside the one statement: each call of them would be a plan.
    SELECT s.id, s.user_id, held.permissions, held.staff, u.email_verified, s.last_activity
    INTO session_id, user_id, permissions, staff, email_verified, last_activity
    FROM public.sessions s
    JOIN public.users u ON u.id = s.user_id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT granted.permission COLLATE "C" ORDER BY granted.permission COLLATE "C"), '{}'),
               coalesce(bool_or(granted.permission NOT LIKE '%:own'), false)
        FROM public.user_roles
        JOIN public.roles ON roles.id = user_roles.role_id
        CROSS JOIN LATERAL jsonb_array_elements_text(roles.permissions) AS granted (permission)
        WHERE user_roles.user_id = s.user_id
    ) AS held (permissions, staff)
    WHERE s.token = p_token
      -- A use in the future was not one.
      AND app.is_live(s.expires_at, s.created_at, greatest(s.last_activity, CASE WHEN p_used <= now() THEN p_used END), u.status, held.staff);

    kind := CASE WHEN session_id IS NULL THEN 'anonymous' WHEN staff THEN 'staff' ELSE 'customer' END;

    IF kind = 'anonymous' THEN
        session_id := NULL;
        user_id := NULL;
        permissions := '{}';
        email_verified := NULL;
        last_activity := NULL;
    END IF;

    -- For a guest too: the settings must never be those of whoever asked before.
    PERFORM set_config('skypanel.user_id', coalesce(user_id::text, ''), true),
            set_config('skypanel.session_id', coalesce(session_id::text, ''), true),
            set_config('skypanel.kind', kind, true),
            set_config('skypanel.permissions', array_to_string(permissions, ' '), true);
END
$$;
COMMENT ON FUNCTION app.authenticate IS 'Whose session has this token (its SHA-256 in lower-case hex); also sets the context. p_used: when the program last saw it used, where that is not written yet. Always one row, for a dead or absent token the guest''s. Writes nothing.';

CREATE OR REPLACE FUNCTION app.open_session(
    p_user uuid, p_hash text, p_new_hash text, p_session uuid, p_token text, p_ip text, p_agent text
) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    opened timestamptz;
    expiry timestamptz;
BEGIN
    -- The password was verified in an earlier transaction: it must still be the one. The lock makes log-ins
    -- of one person queue, so that the limit below holds.
    PERFORM FROM public.users u
    WHERE u.id = p_user AND u.password_hash = p_hash AND u.status IN ('pending', 'active')
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    -- The clock after the lock, not now(): otherwise the newest session could look like the oldest.
    opened := clock_timestamp();
    expiry := opened + CASE WHEN app.is_staff(app.permissions_of(p_user)) THEN interval '12 hours' ELSE interval '14 days' END;

    INSERT INTO public.sessions (id, user_id, token, ip_address, user_agent, expires_at, created_at, last_activity)
    VALUES (p_session, p_user, p_token, p_ip, left(p_agent, 512), expiry, opened, opened);

    DELETE FROM public.sessions
    WHERE id IN (SELECT s.id FROM public.sessions s WHERE s.user_id = p_user ORDER BY app.is_live_session(s.id) DESC, s.created_at DESC, s.id DESC OFFSET 20);

    UPDATE public.users SET last_login = opened, password_hash = coalesce(p_new_hash, password_hash) WHERE id = p_user;

    RETURN expiry;
END
$$;

REVOKE ALL ON FUNCTION app.is_live, app.is_live_session, app.delete_ended_sessions, app.authenticate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.authenticate TO skypanel_pool;
GRANT EXECUTE ON FUNCTION app.is_live_session TO app_customer, app_staff;
GRANT EXECUTE ON FUNCTION app.delete_ended_sessions TO app_worker;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
GRANT USAGE ON SCHEMA app TO app_worker;
