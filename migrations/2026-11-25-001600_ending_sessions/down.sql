DROP FUNCTION app.end_session, app.end_other_sessions;
