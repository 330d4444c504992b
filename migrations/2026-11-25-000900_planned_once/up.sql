-- What every request asks first is planned once a connection and no longer once a call, row security decides
-- once a statement what it decided once a row, and the orders that people work by have their indexes.

-- ---------------------------------------------------------------- functions that keep their plans
--
-- Before PostgreSQL 18 a function in SQL is planned anew at each call unless the planner can put its body
-- into the statement, which it cannot for a definer function, nor for a scalar one with a FROM. PL/pgSQL keeps
-- its plans for the life of a connection. What these functions answer stays as it was.

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

CREATE OR REPLACE FUNCTION app.actors(p_ids uuid[]) RETURNS TABLE (id uuid, display_name text, kind text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    -- Roles are few: which of them make staff is asked once, and not once a person.
    WITH desk AS MATERIALIZED (
        SELECT r.id
        FROM public.roles r
        WHERE EXISTS (SELECT FROM jsonb_array_elements_text(r.permissions) AS held (permission) WHERE held.permission NOT LIKE '%:own')
    )
    SELECT u.id,
           CASE WHEN face.whole THEN coalesce(NULLIF(concat_ws(' ', u.first_name, u.last_name), ''), u.username)
                WHEN face.staff THEN coalesce(u.first_name, 'Support')
                ELSE 'Support'
           END,
           CASE WHEN face.staff OR NOT face.whole THEN 'staff' ELSE 'customer' END
    FROM public.users u
    CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT FROM public.user_roles ur WHERE ur.user_id = u.id AND ur.role_id IN (SELECT desk.id FROM desk)),
               coalesce(current_setting('skypanel.kind', true) = 'staff' OR u.id = app.viewer_id(), false)
    ) AS face (staff, whole)
    WHERE u.id = ANY (p_ids);
END
$$;

-- The planner cannot know that the roles in question are the small ones, and would read everybody's: at 50,000 people
-- 4.4 ms instead of 0.1 ms.
CREATE OR REPLACE FUNCTION app.users_with_permission(p_name text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
    IF app.can('user:read') THEN
        RETURN QUERY
        SELECT DISTINCT ur.user_id
        FROM public.roles r
        JOIN public.user_roles ur ON ur.role_id = r.id
        WHERE r.permissions ?| ARRAY['*', p_name, regexp_replace(p_name, ':own$', '')];
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION app.invoice_sums(p_ids uuid[]) RETURNS TABLE (invoice_id uuid, paid numeric, refunded numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT i.id, s.paid, s.refunded
    FROM public.invoices i
    CROSS JOIN LATERAL app.settled(i.id) AS s
    WHERE i.id = ANY (p_ids)
      AND ((SELECT app.can('invoice:read')) OR (i.user_id = (SELECT app.viewer_id()) AND (SELECT app.can('invoice:read:own'))));
END
$$;

CREATE OR REPLACE FUNCTION app.credits(p_users uuid[]) RETURNS TABLE (user_id uuid, currency text, amount numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
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
      AND ((SELECT app.can('credit:read')) OR (t.user_id = (SELECT app.viewer_id()) AND (SELECT app.can('credit:read:own'))))
    GROUP BY t.user_id, t.currency;
END
$$;

RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM app_auth;

-- ---------------------------------------------------------------- the cheap question first
--
-- PostgreSQL joins the permissive policies of a table with OR in the reverse order of their names (it reads
-- them by name and puts each before the last) and tries them from the left. So what a permission decides for
-- all rows at once is named _whole, which comes after the other names and is tried before any of them: staff
-- never get as far as a condition on the row.

DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' AND policyname ~ '_any(_|$)' LOOP
        EXECUTE format(
            'ALTER POLICY %I ON %I RENAME TO %I',
            found.policyname, found.tablename, regexp_replace(found.policyname, '_any(_|$)', '_whole\1')
        );
    END LOOP;
END
$$;

-- Children, for staff: with the permission for all parents all children are seen, and no parent is looked up
-- for each; without it those of their own are, as for customers. The sub-selects still run under the
-- parent's policies.

ALTER POLICY server_actions_of_server ON server_actions TO app_customer;
CREATE POLICY server_actions_own ON server_actions FOR SELECT TO app_staff
    USING (EXISTS (SELECT FROM servers WHERE servers.id = server_actions.server_id AND servers.user_id = (SELECT app.viewer_id())));
CREATE POLICY server_actions_whole ON server_actions FOR SELECT TO app_staff
    USING ((SELECT app.can('server:read')));

ALTER POLICY invoice_items_of_invoice ON invoice_items TO app_customer;
CREATE POLICY invoice_items_own ON invoice_items FOR SELECT TO app_staff
    USING (EXISTS (SELECT FROM invoices WHERE invoices.id = invoice_items.invoice_id AND invoices.user_id = (SELECT app.viewer_id())));
CREATE POLICY invoice_items_whole ON invoice_items FOR SELECT TO app_staff
    USING ((SELECT app.can('invoice:read')));

-- Their authors too need the permission: a note is the desk's, not its writer's. The OR costs no index, which
-- a row's own flag would not use, and saves a second look-up of the ticket.
DROP POLICY ticket_messages_internal ON ticket_messages;
ALTER POLICY ticket_messages_public ON ticket_messages TO app_customer;
CREATE POLICY ticket_messages_own ON ticket_messages FOR SELECT TO app_staff
    USING (
        (NOT is_internal OR (SELECT app.can('ticket:note')))
        AND EXISTS (SELECT FROM tickets WHERE tickets.id = ticket_messages.ticket_id AND tickets.user_id = (SELECT app.viewer_id()))
    );
CREATE POLICY ticket_messages_whole ON ticket_messages FOR SELECT TO app_staff
    USING ((SELECT app.can('ticket:read')) AND (NOT is_internal OR (SELECT app.can('ticket:note'))));

-- ---------------------------------------------------------------- orders that lacked an index
--
-- With no index for a filter and an order together, the index of the order is walked and what does not match
-- is skipped. That is quick unless what matches stands together at the far end, and it does: most tickets are
-- closed and old, most invoices paid. The partial indexes hold only what somebody still has to see to. A row
-- leaves them when that is done, so they stay small and cost nothing from then on.

-- The desk's lists, longest waiting first, of whatever statuses but closed. Every change of a ticket writes
-- all its indexes anyway, as updated_at is in some.
CREATE INDEX tickets_live_created_at ON tickets (created_at, id) WHERE status <> 'closed';
CREATE INDEX tickets_live_updated_at ON tickets (updated_at, id) WHERE status <> 'closed';
-- Next due first: closed tickets have no due time, and all of them sort before those that have one.
CREATE INDEX tickets_live_response_due ON tickets (response_due_sort, id) WHERE status <> 'closed';
-- The queue of the unassigned: IS NULL is no equality, so tickets_assigned_to has no order for it. In the other
-- orders the queue, being short, is read from here whole and sorted.
CREATE INDEX tickets_queue ON tickets (created_at, id) WHERE assigned_to IS NULL;

-- What is owed, by due date. A write when it is issued and one when it is paid.
CREATE INDEX invoices_owed_due_date ON invoices (due_date_sort, id) WHERE status IN ('pending', 'overdue');

-- Charge-backs, failures, refunds, adjustments: a few among all payments, for which the whole table was read.
-- A transaction is written once and changes its status once or twice.
CREATE INDEX transactions_status ON transactions (status, created_at, id);
CREATE INDEX transactions_kind ON transactions (kind, created_at, id);
