DROP INDEX
    tickets_live_created_at, tickets_live_updated_at, tickets_live_response_due, tickets_queue,
    invoices_owed_due_date,
    transactions_status, transactions_kind;

DROP POLICY ticket_messages_whole ON ticket_messages;
DROP POLICY ticket_messages_own ON ticket_messages;
ALTER POLICY ticket_messages_public ON ticket_messages TO app_customer, app_staff;
CREATE POLICY ticket_messages_internal ON ticket_messages FOR SELECT TO app_staff
    USING (is_internal AND (SELECT app.can('ticket:note')) AND EXISTS (SELECT FROM tickets WHERE tickets.id = ticket_messages.ticket_id));

DROP POLICY invoice_items_whole ON invoice_items;
DROP POLICY invoice_items_own ON invoice_items;
ALTER POLICY invoice_items_of_invoice ON invoice_items TO app_customer, app_staff;

DROP POLICY server_actions_whole ON server_actions;
DROP POLICY server_actions_own ON server_actions;
ALTER POLICY server_actions_of_server ON server_actions TO app_customer, app_staff;

DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' AND policyname ~ '_whole(_|$)' LOOP
        EXECUTE format(
            'ALTER POLICY %I ON %I RENAME TO %I',
            found.policyname, found.tablename, regexp_replace(found.policyname, '_whole(_|$)', '_any\1')
        );
    END LOOP;
END
$$;

GRANT CREATE ON SCHEMA app TO app_auth;
SET LOCAL ROLE app_auth;

CREATE OR REPLACE FUNCTION app.authenticate(
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

CREATE OR REPLACE FUNCTION app.actors(p_ids uuid[]) RETURNS TABLE (id uuid, display_name text, kind text)
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

CREATE OR REPLACE FUNCTION app.users_with_permission(p_name text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT ur.user_id
    FROM public.roles r
    JOIN public.user_roles ur ON ur.role_id = r.id
    WHERE r.permissions ?| ARRAY['*', p_name, regexp_replace(p_name, ':own$', '')]
      AND app.can('user:read')
$$;

CREATE OR REPLACE FUNCTION app.invoice_sums(p_ids uuid[]) RETURNS TABLE (invoice_id uuid, paid numeric, refunded numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.id, s.paid, s.refunded
    FROM public.invoices i
    CROSS JOIN LATERAL app.settled(i.id) AS s
    WHERE i.id = ANY (p_ids)
      AND (app.can('invoice:read') OR (i.user_id = app.viewer_id() AND app.can('invoice:read:own')))
$$;

CREATE OR REPLACE FUNCTION app.credits(p_users uuid[]) RETURNS TABLE (user_id uuid, currency text, amount numeric)
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

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;
