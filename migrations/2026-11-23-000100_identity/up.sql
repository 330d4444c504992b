-- People, what they may do, and the sessions they do it in.

CREATE TABLE users (
    id                uuid        PRIMARY KEY,
    email             text        NOT NULL CHECK (char_length(email) <= 254 AND email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    username          text        NOT NULL CHECK (username ~ '^[a-z0-9_-]{3,32}$'),
    password_hash     text        NOT NULL,
    first_name        text        CHECK (char_length(first_name) BETWEEN 1 AND 100),
    last_name         text        CHECK (char_length(last_name) BETWEEN 1 AND 100),
    email_verified    boolean     NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    last_login        timestamptz,
    status            text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'suspended', 'closed')),
    virtfusion_id     text        CHECK (char_length(virtfusion_id) BETWEEN 1 AND 64),
    revision          integer     NOT NULL DEFAULT 1,
    server_limit      integer     CHECK (server_limit >= 0),
    suspension_reason text        CHECK (char_length(suspension_reason) <= 500),
    email_key         text        COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(email)) STORED,
    username_key      text        COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(username)) STORED,
    last_login_sort   timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(last_login, '-infinity')) STORED
);

-- A name with an '@' is an e-mail, one without is a username: the checks above keep the two apart,
-- so a login name never means two people.
CREATE UNIQUE INDEX users_email_unique ON users (email_key);
CREATE UNIQUE INDEX users_username_unique ON users (username_key);
CREATE INDEX users_status ON users (status, created_at, id);
CREATE INDEX users_created_at ON users (created_at, id);
CREATE INDEX users_username ON users (username_key, id);
CREATE INDEX users_last_login ON users (last_login_sort, id);

COMMENT ON TABLE users IS 'An account, of a customer or of staff; which of the two its roles decide.';
COMMENT ON COLUMN users.password_hash IS 'bcrypt over a peppered password, "$sp$<pepper>$2b$…". No app role may read it.';
COMMENT ON COLUMN users.email_verified IS 'False also on an active account whose new address is not confirmed yet: it may read, not spend.';
COMMENT ON COLUMN users.last_login IS 'Null: never. A login raises neither revision nor updated_at.';
COMMENT ON COLUMN users.virtfusion_id IS 'The id of this person in VirtFusion.';
COMMENT ON COLUMN users.revision IS 'Raised by every change of a column that a form edits; guards against lost updates.';
COMMENT ON COLUMN users.server_limit IS 'How many live servers the person may have. Null: unlimited, 0: none.';
COMMENT ON COLUMN users.suspension_reason IS 'Why staff suspended the account.';
COMMENT ON COLUMN users.email_key IS 'What e-mails are unique and searched by. COLLATE "C" because only its comparisons make a prefix an index range.';
COMMENT ON COLUMN users.username_key IS 'What usernames are unique, sorted and searched by; see email_key.';
COMMENT ON COLUMN users.last_login_sort IS 'last_login with -infinity for never: a keyset must not meet a null.';

CREATE TABLE roles (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL CONSTRAINT roles_name_unique UNIQUE CHECK (char_length(name) BETWEEN 1 AND 100),
    description text        CHECK (char_length(description) <= 500),
    is_default  boolean     NOT NULL DEFAULT false,
    permissions jsonb       NOT NULL DEFAULT '[]',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    revision    integer     NOT NULL DEFAULT 1,
    -- Containment alone would accept a bare string: '"*"' <@ '["*"]' is true.
    CONSTRAINT roles_permissions_known CHECK (jsonb_typeof(permissions) = 'array' AND permissions <@ '[
        "*",
        "user:read", "user:read:own", "user:reset_credentials",
        "session:read", "session:read:own", "session:revoke", "session:revoke:own",
        "role:read",
        "package:read",
        "server:read", "server:read:own",
        "invoice:read", "invoice:read:own",
        "transaction:read", "transaction:read:own",
        "credit:read", "credit:read:own",
        "ticket:read", "ticket:read:own", "ticket:update", "ticket:note"
    ]')
);

CREATE UNIQUE INDEX roles_default_unique ON roles (is_default) WHERE is_default;

COMMENT ON TABLE roles IS 'A named set of permissions. What a person may do is the union of the roles held.';
COMMENT ON COLUMN roles.is_default IS 'Given to every new account; true on one role at most.';
COMMENT ON COLUMN roles.permissions IS '"resource:action" on any row, "resource:action:own" on own rows, "*" everything. A migration adds a name to the check when a field needs it.';
COMMENT ON COLUMN roles.revision IS 'See users.revision.';

CREATE TABLE user_roles (
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    -- A role that somebody holds is in use: deleting it must not silently take rights away.
    role_id    uuid        NOT NULL REFERENCES roles ON DELETE RESTRICT,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, role_id)
);

CREATE INDEX user_roles_role_id ON user_roles (role_id, created_at, user_id);

COMMENT ON TABLE user_roles IS 'Who holds which role, since when.';

CREATE TABLE sessions (
    id            uuid        PRIMARY KEY,
    user_id       uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    token         text        NOT NULL CONSTRAINT sessions_token_unique UNIQUE CHECK (token ~ '^[0-9a-f]{64}$'),
    ip_address    text        CHECK (char_length(ip_address) <= 45),
    user_agent    text        CHECK (char_length(user_agent) <= 512),
    expires_at    timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_activity timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX sessions_user_id ON sessions (user_id, created_at, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

COMMENT ON TABLE sessions IS 'A signed-in device.';
COMMENT ON COLUMN sessions.token IS 'SHA-256 of the token in lower-case hex, never the token. No app role may read it.';
COMMENT ON COLUMN sessions.expires_at IS 'The absolute end; idle sessions end earlier.';
COMMENT ON COLUMN sessions.last_activity IS 'Written at most once a minute, so it may lag by that.';

CREATE TABLE password_reset_tokens (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    token      text        NOT NULL CONSTRAINT password_reset_tokens_token_unique UNIQUE CHECK (token ~ '^[0-9a-f]{64}$'),
    expires_at timestamptz NOT NULL,
    used       boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX password_reset_tokens_user_id ON password_reset_tokens (user_id, created_at, id);

COMMENT ON TABLE password_reset_tokens IS 'A request to set a new password without the old one.';
COMMENT ON COLUMN password_reset_tokens.token IS 'SHA-256 of the mailed token in lower-case hex. No app role may read it.';
COMMENT ON COLUMN password_reset_tokens.used IS 'Set by the one UPDATE that consumes it, or by a newer request.';
