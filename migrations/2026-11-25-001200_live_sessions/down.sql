REVOKE USAGE ON SCHEMA app FROM app_worker;
GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

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
    WHERE id IN (SELECT s.id FROM public.sessions s WHERE s.user_id = p_user ORDER BY s.created_at DESC, s.id DESC OFFSET 20);

    UPDATE public.users SET last_login = opened, password_hash = coalesce(p_new_hash, password_hash) WHERE id = p_user;

    RETURN expiry;
END
$$;

DROP FUNCTION app.authenticate(text, timestamptz);
CREATE FUNCTION app.authenticate(
    p_token text,
    OUT session_id uuid, OUT user_id uuid, OUT kind text, OUT permissions text[], OUT email_verified boolean, OUT last_activity timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    created timestamptz;
    staff boolean;
BEGIN
    -- app.permissions_of and app.is_staff inside the one statement: each call of them would be a plan.
    SELECT s.id, s.user_id, held.permissions, held.staff, u.email_verified, s.last_activity, s.created_at
    INTO session_id, user_id, permissions, staff, email_verified, last_activity, created
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
      AND s.expires_at > now()
      AND s.last_activity > now() - interval '24 hours'
      AND u.status IN ('pending', 'active');

    kind := CASE WHEN session_id IS NULL THEN 'anonymous' WHEN staff THEN 'staff' ELSE 'customer' END;

    -- The shorter life of staff also ends the sessions that somebody opened before becoming staff.
    IF kind = 'staff' AND (last_activity <= now() - interval '30 minutes' OR created <= now() - interval '12 hours') THEN
        kind := 'anonymous';
    END IF;

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
COMMENT ON FUNCTION app.authenticate IS 'Whose session has this token (its SHA-256 in lower-case hex); also sets the context. Always one row, for a dead or absent token the guest''s. Writes nothing.';
REVOKE ALL ON FUNCTION app.authenticate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.authenticate TO skypanel_pool;

DROP FUNCTION app.delete_ended_sessions, app.is_live_session, app.is_live;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
