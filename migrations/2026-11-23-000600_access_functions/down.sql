DROP FUNCTION
    app.authenticate, app.credentials, app.open_session,
    app.actors, app.users_with_permission,
    app.invoice_sums, app.credits, app.billing_summary, app.settled,
    app.search_tickets,
    app.permissions_of, app.is_staff,
    app.viewer_id, app.session_id, app.can, app.role_of_viewer;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app_auth;
