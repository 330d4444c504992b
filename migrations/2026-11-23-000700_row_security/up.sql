-- Which rows each kind of viewer sees: the net under the scopes of the program's own queries.
--
-- Permissive policies of one role add up. They stay separate and without OR of their own: a customer has
-- one equality to match an index, and functions stand in sub-selects, which run once a query.
-- Staff own things too, hence "own" is for both; "any" is for staff, as no customer holds such a permission.
-- A child follows its parent: the sub-select on the parent runs under the parent's policies.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'users', 'roles', 'user_roles', 'sessions', 'password_reset_tokens',
        'server_packages', 'servers', 'server_actions',
        'invoices', 'invoice_items', 'transactions',
        'tickets', 'ticket_messages'
    ] LOOP
        -- FORCE: the owner too.
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO app_maintenance', name);
        EXECUTE format('CREATE POLICY %I ON %I TO app_maintenance USING (true) WITH CHECK (true)', name || '_maintenance', name);
    END LOOP;
END
$$;

-- ---------------------------------------------------------------- what the definer functions look at

CREATE POLICY users_auth ON users FOR SELECT TO app_auth USING (true);
CREATE POLICY users_auth_login ON users FOR UPDATE TO app_auth USING (true);
CREATE POLICY roles_auth ON roles FOR SELECT TO app_auth USING (true);
CREATE POLICY user_roles_auth ON user_roles FOR SELECT TO app_auth USING (true);
CREATE POLICY sessions_auth ON sessions TO app_auth USING (true);
CREATE POLICY invoices_auth ON invoices FOR SELECT TO app_auth USING (true);
CREATE POLICY transactions_auth ON transactions FOR SELECT TO app_auth USING (true);
CREATE POLICY tickets_auth ON tickets FOR SELECT TO app_auth USING (true);

-- ---------------------------------------------------------------- identity

GRANT SELECT (
    id, email, username, first_name, last_name, email_verified, created_at, updated_at, last_login, status, virtfusion_id,
    revision, server_limit, suspension_reason, email_key, username_key, last_login_sort
) ON users TO app_customer, app_staff; -- not: password_hash
CREATE POLICY users_own ON users FOR SELECT TO app_customer, app_staff
    USING (id = (SELECT app.viewer_id()) AND (SELECT app.can('user:read:own')));
CREATE POLICY users_any ON users FOR SELECT TO app_staff
    USING ((SELECT app.can('user:read')));

GRANT SELECT ON user_roles, roles TO app_customer, app_staff;
CREATE POLICY user_roles_own ON user_roles FOR SELECT TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()));
CREATE POLICY user_roles_any_by_role ON user_roles FOR SELECT TO app_staff
    USING ((SELECT app.can('role:read')));
CREATE POLICY user_roles_any_by_user ON user_roles FOR SELECT TO app_staff
    USING ((SELECT app.can('user:read')));

CREATE POLICY roles_held ON roles FOR SELECT TO app_customer, app_staff
    USING (EXISTS (SELECT FROM user_roles WHERE user_roles.role_id = roles.id AND user_roles.user_id = (SELECT app.viewer_id())));
CREATE POLICY roles_any_by_role ON roles FOR SELECT TO app_staff
    USING ((SELECT app.can('role:read')));
CREATE POLICY roles_any_by_user ON roles FOR SELECT TO app_staff
    USING ((SELECT app.can('user:read')));

GRANT SELECT (id, user_id, ip_address, user_agent, expires_at, created_at, last_activity)
    ON sessions TO app_customer, app_staff; -- not: token
GRANT DELETE ON sessions TO app_customer, app_staff;
CREATE POLICY sessions_own ON sessions FOR SELECT TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('session:read:own')));
CREATE POLICY sessions_any ON sessions FOR SELECT TO app_staff
    USING ((SELECT app.can('session:read')));
CREATE POLICY sessions_revoke_own ON sessions FOR DELETE TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('session:revoke:own')));
CREATE POLICY sessions_revoke_any ON sessions FOR DELETE TO app_staff
    USING ((SELECT app.can('session:revoke')));
-- Nobody needs a permission to log out; a DELETE finds only rows that a SELECT policy shows.
CREATE POLICY sessions_current ON sessions FOR SELECT TO app_customer, app_staff
    USING (id = (SELECT app.session_id()));
CREATE POLICY sessions_end_current ON sessions FOR DELETE TO app_customer, app_staff
    USING (id = (SELECT app.session_id()));

-- The worker notes activity for all viewers together.
GRANT SELECT (id, last_activity), UPDATE (last_activity) ON sessions TO app_worker;
CREATE POLICY sessions_worker ON sessions FOR SELECT TO app_worker USING (true);
CREATE POLICY sessions_worker_activity ON sessions FOR UPDATE TO app_worker USING (true);

-- Customers see none by any policy, but may ask: a refusal would end the transaction of the whole request.
GRANT SELECT (id, user_id, expires_at, used, created_at) ON password_reset_tokens TO app_customer, app_staff; -- not: token
CREATE POLICY password_reset_tokens_any ON password_reset_tokens FOR SELECT TO app_staff
    USING ((SELECT app.can('user:reset_credentials')));

-- ---------------------------------------------------------------- servers

GRANT SELECT ON servers TO app_customer, app_staff;
CREATE POLICY servers_own ON servers FOR SELECT TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('server:read:own')));
CREATE POLICY servers_any ON servers FOR SELECT TO app_staff
    USING ((SELECT app.can('server:read')));

GRANT SELECT (id, server_id, kind, status, progress, error, requested_by, created_at, updated_at, finished_at)
    ON server_actions TO app_customer, app_staff; -- not: provider_ref
CREATE POLICY server_actions_of_server ON server_actions FOR SELECT TO app_customer, app_staff
    USING (EXISTS (SELECT FROM servers WHERE servers.id = server_actions.server_id));

GRANT SELECT ON server_packages TO app_anon, app_customer, app_staff;
CREATE POLICY server_packages_sold ON server_packages FOR SELECT TO app_anon, app_customer, app_staff
    USING (is_active);
CREATE POLICY server_packages_any ON server_packages FOR SELECT TO app_staff
    USING ((SELECT app.can('package:read')));
-- Whoever sees a server sees what it was sold as, also when that is sold no more.
CREATE POLICY server_packages_bought ON server_packages FOR SELECT TO app_customer, app_staff
    USING (EXISTS (SELECT FROM servers WHERE servers.package_id = server_packages.id));

-- ---------------------------------------------------------------- billing

GRANT SELECT ON invoices TO app_customer, app_staff;
CREATE POLICY invoices_own ON invoices FOR SELECT TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('invoice:read:own')));
CREATE POLICY invoices_any ON invoices FOR SELECT TO app_staff
    USING ((SELECT app.can('invoice:read')));

GRANT SELECT ON invoice_items TO app_customer, app_staff;
CREATE POLICY invoice_items_of_invoice ON invoice_items FOR SELECT TO app_customer, app_staff
    USING (EXISTS (SELECT FROM invoices WHERE invoices.id = invoice_items.invoice_id));

GRANT SELECT (
    id, invoice_id, user_id, amount, currency, gateway, status, reference, created_at, updated_at, kind, direction, parent_id
) ON transactions TO app_customer; -- not: metadata
GRANT SELECT ON transactions TO app_staff;
CREATE POLICY transactions_own ON transactions FOR SELECT TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('transaction:read:own')));
CREATE POLICY transactions_any ON transactions FOR SELECT TO app_staff
    USING ((SELECT app.can('transaction:read')));

-- ---------------------------------------------------------------- support

GRANT SELECT ON tickets TO app_customer, app_staff;
CREATE POLICY tickets_own ON tickets FOR SELECT TO app_customer, app_staff
    USING (user_id = (SELECT app.viewer_id()) AND (SELECT app.can('ticket:read:own')));
CREATE POLICY tickets_any ON tickets FOR SELECT TO app_staff
    USING ((SELECT app.can('ticket:read')));

GRANT SELECT ON ticket_messages TO app_customer, app_staff;
CREATE POLICY ticket_messages_public ON ticket_messages FOR SELECT TO app_customer, app_staff
    USING (NOT is_internal AND EXISTS (SELECT FROM tickets WHERE tickets.id = ticket_messages.ticket_id));
-- Their authors too need the permission: a note is the desk's, not its writer's.
CREATE POLICY ticket_messages_internal ON ticket_messages FOR SELECT TO app_staff
    USING (is_internal AND (SELECT app.can('ticket:note')) AND EXISTS (SELECT FROM tickets WHERE tickets.id = ticket_messages.ticket_id));
