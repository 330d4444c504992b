DROP TABLE password_reset_tokens, sessions, user_roles, roles, users;
