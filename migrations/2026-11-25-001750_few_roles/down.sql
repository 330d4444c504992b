DROP TRIGGER roles_at_most_100 ON roles;
DROP FUNCTION app.count_roles;
