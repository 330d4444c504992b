-- Who asks, and the questions whose answers need rows that the asker may not read.
--
-- The context of a transaction is four settings, written by app.authenticate alone and gone at its end:
-- skypanel.user_id, skypanel.session_id, skypanel.kind and skypanel.permissions (separated by spaces).
-- A setting that was ever set comes back as '' and not as null, hence the NULLIFs.
--
-- A body after RETURN or BEGIN ATOMIC is bound to its objects when it is created; the others fix their
-- search_path. In both cases a caller cannot slip in objects of its own.
-- Definer functions belong to app_auth, which sees every row and can do little else.

GRANT SELECT ON users, roles, user_roles, sessions, invoices, transactions, tickets TO app_auth;
GRANT INSERT, DELETE ON sessions TO app_auth;
GRANT UPDATE (last_login, password_hash) ON users TO app_auth;

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

-- ---------------------------------------------------------------- the context

CREATE FUNCTION app.viewer_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('skypanel.user_id', true), '')::uuid;
COMMENT ON FUNCTION app.viewer_id IS 'Who asks; null for a guest. Policies call it as (SELECT app.viewer_id()): once a query, not once a row.';

CREATE FUNCTION app.session_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('skypanel.session_id', true), '')::uuid;
COMMENT ON FUNCTION app.session_id IS 'The session that asks; null for a guest.';

CREATE FUNCTION app.can(p_permission text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    string_to_array(current_setting('skypanel.permissions', true), ' ')
        && ARRAY['*', p_permission, regexp_replace(p_permission, ':own$', '')],
    false
);
COMMENT ON FUNCTION app.can IS 'Whether the viewer holds a permission. "x" implies "x:own", "*" everything.';

CREATE FUNCTION app.role_of_viewer() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE current_setting('skypanel.kind', true) WHEN 'staff' THEN 'app_staff' WHEN 'customer' THEN 'app_customer' ELSE 'app_anon' END;
COMMENT ON FUNCTION app.role_of_viewer IS 'The database role for the rest of the transaction. The caller takes it, since a definer function may not.';

-- ---------------------------------------------------------------- sessions

CREATE FUNCTION app.permissions_of(p_user uuid) RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT held.permission COLLATE "C" ORDER BY held.permission COLLATE "C"), '{}')
    FROM public.user_roles
    JOIN public.roles ON roles.id = user_roles.role_id
    CROSS JOIN LATERAL jsonb_array_elements_text(roles.permissions) AS held (permission)
    WHERE user_roles.user_id = p_user;
END;
COMMENT ON FUNCTION app.permissions_of IS 'The union of the permissions of all roles of a person, sorted.';

CREATE FUNCTION app.is_staff(p_permissions text[]) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN EXISTS (SELECT FROM unnest(p_permissions) AS held (permission) WHERE held.permission NOT LIKE '%:own');
COMMENT ON FUNCTION app.is_staff IS 'Staff is whoever may do something to rows of others.';

CREATE FUNCTION app.authenticate(
    p_token text,
    OUT session_id uuid, OUT user_id uuid, OUT kind text, OUT permissions text[], OUT email_verified boolean, OUT last_activity timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    created timestamptz;
BEGIN
    SELECT s.id, s.user_id, app.permissions_of(s.user_id), u.email_verified, s.last_activity, s.created_at
    INTO session_id, user_id, permissions, email_verified, last_activity, created
    FROM public.sessions s
    JOIN public.users u ON u.id = s.user_id
    WHERE s.token = p_token
      AND s.expires_at > now()
      AND s.last_activity > now() - interval '24 hours'
      AND u.status IN ('pending', 'active');

    kind := CASE WHEN session_id IS NULL THEN 'anonymous' WHEN app.is_staff(permissions) THEN 'staff' ELSE 'customer' END;

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

CREATE FUNCTION app.credentials(p_login text) RETURNS TABLE (user_id uuid, password_hash text, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT u.id, u.password_hash, u.status FROM public.users u WHERE u.email_key = lower(p_login)
    UNION ALL
    SELECT u.id, u.password_hash, u.status FROM public.users u WHERE u.username_key = lower(p_login)
$$;
COMMENT ON FUNCTION app.credentials IS 'What a log-in by e-mail or username has to be verified against: one row or none.';

CREATE FUNCTION app.open_session(
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
COMMENT ON FUNCTION app.open_session IS 'Opens a session and ends the oldest beyond 20; null when the password or the account has changed since it was verified. p_new_hash replaces a hash of old cost or pepper; p_token is a SHA-256.';

-- ---------------------------------------------------------------- people

CREATE FUNCTION app.actors(p_ids uuid[]) RETURNS TABLE (id uuid, display_name text, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT u.id,
           CASE WHEN face.whole THEN coalesce(NULLIF(concat_ws(' ', u.first_name, u.last_name), ''), u.username)
                WHEN face.staff THEN coalesce(u.first_name, 'Support')
                ELSE 'Support'
           END,
           CASE WHEN face.staff OR NOT face.whole THEN 'staff' ELSE 'customer' END
    FROM public.users u
    CROSS JOIN LATERAL (
        SELECT app.is_staff(app.permissions_of(u.id)),
               coalesce(current_setting('skypanel.kind', true) = 'staff' OR u.id = app.viewer_id(), false)
    ) AS face (staff, whole)
    WHERE u.id = ANY (p_ids)
$$;
COMMENT ON FUNCTION app.actors IS 'The public faces of people. A customer meets only staff, by first name; whoever else the id belongs to (a colleague who left, another customer) is "Support" to them.';

CREATE FUNCTION app.users_with_permission(p_name text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT ur.user_id
    FROM public.roles r
    JOIN public.user_roles ur ON ur.role_id = r.id
    WHERE r.permissions ?| ARRAY['*', p_name, regexp_replace(p_name, ':own$', '')]
      AND app.can('user:read')
$$;
COMMENT ON FUNCTION app.users_with_permission IS 'Who holds a permission, by name or implied; nobody to a viewer without user:read.';

-- ---------------------------------------------------------------- money

CREATE FUNCTION app.settled(p_invoice uuid) RETURNS TABLE (paid numeric, refunded numeric) LANGUAGE sql STABLE
BEGIN ATOMIC
    -- A payment that was refunded or is disputed did arrive; only a charge-back takes it away.
    SELECT coalesce(sum(amount) FILTER (WHERE kind = 'payment' AND status IN ('completed', 'disputed', 'refunded')), 0),
           coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND status = 'completed'), 0)
    FROM public.transactions
    WHERE invoice_id = p_invoice;
END;
COMMENT ON FUNCTION app.settled IS 'What was paid and refunded on an invoice, both positive.';

CREATE FUNCTION app.invoice_sums(p_ids uuid[]) RETURNS TABLE (invoice_id uuid, paid numeric, refunded numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.id, s.paid, s.refunded
    FROM public.invoices i
    CROSS JOIN LATERAL app.settled(i.id) AS s
    WHERE i.id = ANY (p_ids)
      AND (app.can('invoice:read') OR (i.user_id = app.viewer_id() AND app.can('invoice:read:own')))
$$;
COMMENT ON FUNCTION app.invoice_sums IS 'Sums of the invoices that the viewer may see. Not a scoped SELECT: whoever sees the invoice and not its transactions would read 0 paid.';

CREATE FUNCTION app.credits(p_users uuid[]) RETURNS TABLE (user_id uuid, currency text, amount numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    -- A refunded row still counts, because the refund that undid it counts as well.
    SELECT t.user_id, t.currency, sum(
               CASE WHEN t.kind = 'credit' THEN t.amount
                    WHEN t.kind = 'adjustment' AND t.direction = 'in' THEN t.amount
                    WHEN t.kind = 'refund' AND t.gateway = 'credit' THEN t.amount
                    ELSE -t.amount
               END
           )
    FROM public.transactions t
    LEFT JOIN public.transactions parent ON parent.id = t.parent_id
    WHERE t.user_id = ANY (p_users)
      AND t.status IN ('completed', 'refunded')
      -- Of payments and refunds only those that took from the balance, gave to it, or paid a top-up back.
      AND (t.kind IN ('credit', 'usage', 'adjustment') OR t.gateway = 'credit' OR parent.kind = 'credit')
      AND (app.can('credit:read') OR (t.user_id = app.viewer_id() AND app.can('credit:read:own')))
    GROUP BY t.user_id, t.currency
$$;
COMMENT ON FUNCTION app.credits IS 'Prepaid balances, one row a person and currency, of the people whose balance the viewer may see.';

CREATE FUNCTION app.billing_summary(p_since date, p_until date)
RETURNS TABLE (currency text, received numeric, refunded numeric, outstanding numeric, overdue numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.can('transaction:read') THEN
        RAISE insufficient_privilege USING MESSAGE = 'transaction:read is required';
    END IF;

    RETURN QUERY
    WITH moved AS (
        SELECT t.currency,
               sum(t.amount) FILTER (WHERE t.kind IN ('payment', 'credit') AND t.status IN ('completed', 'disputed', 'refunded')) AS received,
               sum(t.amount) FILTER (WHERE t.kind = 'refund' AND t.status = 'completed') AS refunded
        FROM public.transactions t
        WHERE t.created_at >= p_since::timestamp AT TIME ZONE 'UTC'
          AND t.created_at < (p_until + 1)::timestamp AT TIME ZONE 'UTC'
          -- Credit was received when it was paid in; spending it, or refunding to it, moves no money.
          AND t.gateway IS DISTINCT FROM 'credit'
        GROUP BY t.currency
    ),
    owed AS (
        SELECT i.currency,
               sum(greatest(i.amount - s.paid + s.refunded, 0)) AS outstanding,
               sum(greatest(i.amount - s.paid + s.refunded, 0)) FILTER (WHERE i.status = 'overdue') AS overdue
        FROM public.invoices i
        CROSS JOIN LATERAL app.settled(i.id) AS s
        WHERE i.status IN ('pending', 'overdue')
        GROUP BY i.currency
    )
    SELECT currency, coalesce(moved.received, 0), coalesce(moved.refunded, 0), coalesce(owed.outstanding, 0), coalesce(owed.overdue, 0)
    FROM moved
    FULL JOIN owed USING (currency)
    ORDER BY currency COLLATE "C";
END
$$;
COMMENT ON FUNCTION app.billing_summary IS 'One row a currency: money that came in and went out on the days from p_since to p_until (UTC, both included), and what is owed now. Refused without transaction:read.';

-- ---------------------------------------------------------------- search

CREATE FUNCTION app.search_tickets(p_query text) RETURNS SETOF uuid
-- Words are selective: with the default guess of 1,000 rows the planner would read all tickets to join them.
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words tsquery;
BEGIN
    -- Built from what the parser finds in the text, each word quoted: no input is a syntax error.
    SELECT string_agg('''' || replace(replace(word, '\', '\\'), '''', '''''') || ''':*', ' & ')::tsquery
    INTO words
    FROM unnest(tsvector_to_array(to_tsvector('simple', left(p_query, 200)))) AS word;

    IF app.can('ticket:read') THEN
        RETURN QUERY SELECT t.id FROM public.tickets t WHERE t.subject_words @@ words;
    ELSIF app.can('ticket:read:own') THEN
        RETURN QUERY SELECT t.id FROM public.tickets t WHERE t.subject_words @@ words AND t.user_id = app.viewer_id();
    END IF;
END
$$;
COMMENT ON FUNCTION app.search_tickets IS 'The tickets in the viewer''s scope whose subject has all words of the query, each at least as a beginning.';

-- ---------------------------------------------------------------- who may call what

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC;

GRANT EXECUTE ON FUNCTION app.authenticate, app.role_of_viewer TO skypanel_pool;
GRANT EXECUTE ON FUNCTION app.viewer_id, app.session_id, app.can TO app_anon, app_customer, app_staff;
-- What hands out password hashes is for the program before it takes a viewer's role, and for no viewer.
GRANT EXECUTE ON FUNCTION app.credentials TO skypanel_pool;
-- Whoever is signed in may sign in again.
GRANT EXECUTE ON FUNCTION app.open_session TO app_anon, app_customer, app_staff;
GRANT EXECUTE ON FUNCTION app.actors, app.invoice_sums, app.credits, app.search_tickets TO app_customer, app_staff;
GRANT EXECUTE ON FUNCTION app.users_with_permission, app.billing_summary TO app_staff;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
