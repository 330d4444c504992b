-- What is sold, what was bought, and what is being done to it.

CREATE TABLE server_packages (
    id            uuid          PRIMARY KEY,
    name          text          NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    cpu_cores     integer       NOT NULL CHECK (cpu_cores > 0),
    memory_mb     integer       NOT NULL CHECK (memory_mb > 0),
    disk_gb       integer       NOT NULL CHECK (disk_gb > 0),
    bandwidth_gb  integer       CHECK (bandwidth_gb >= 0),
    price_monthly numeric(19,4) NOT NULL CHECK (price_monthly >= 0 AND price_monthly <> 'NaN'),
    price_hourly  numeric(19,6) NOT NULL CHECK (price_hourly >= 0 AND price_hourly <> 'NaN'),
    is_active     boolean       NOT NULL DEFAULT true,
    created_at    timestamptz   NOT NULL DEFAULT now(),
    updated_at    timestamptz   NOT NULL DEFAULT now(),
    currency      text          NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    revision      integer       NOT NULL DEFAULT 1,
    stock         integer       CHECK (stock >= 0)
);

CREATE INDEX server_packages_created_at ON server_packages (created_at, id);

COMMENT ON TABLE server_packages IS 'What can be bought. An inactive one is no longer sold; servers on it go on.';
COMMENT ON COLUMN server_packages.bandwidth_gb IS 'A month. Null: unmetered, 0: none.';
COMMENT ON COLUMN server_packages.price_monthly IS 'The most that the hours of one calendar month cost.';
COMMENT ON COLUMN server_packages.price_hourly IS 'Six decimals: an hour of a cheap package costs a fraction of a cent. Rounded once, in the invoice line.';
COMMENT ON COLUMN server_packages.currency IS 'ISO 4217, of both prices.';
COMMENT ON COLUMN server_packages.revision IS 'See users.revision.';
COMMENT ON COLUMN server_packages.stock IS 'How many more can be sold. Null: unlimited, 0: sold out.';

CREATE TABLE servers (
    id                uuid        PRIMARY KEY,
    name              text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    hostname          text        NOT NULL CHECK (
                                      char_length(hostname) <= 253
                                      AND hostname ~* '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'
                                  ),
    ip_address        text        COLLATE "C" CHECK (char_length(ip_address) <= 45),
    status            text        NOT NULL DEFAULT 'pending' CHECK (status IN (
                                      'pending', 'provisioning', 'running', 'stopped', 'starting', 'stopping', 'restarting',
                                      'rebuilding', 'resizing', 'suspended', 'failed', 'terminating', 'terminated'
                                  )),
    node_id           text        CHECK (char_length(node_id) BETWEEN 1 AND 64),
    -- Servers are only ever soft-deleted, so whoever and whatever they belong to stays.
    user_id           uuid        NOT NULL REFERENCES users ON DELETE RESTRICT,
    package_id        uuid        NOT NULL REFERENCES server_packages ON DELETE RESTRICT,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    deleted_at        timestamptz,
    cpu_cores         integer     NOT NULL CHECK (cpu_cores > 0),
    memory_mb         integer     NOT NULL CHECK (memory_mb > 0),
    disk_gb           integer     NOT NULL CHECK (disk_gb > 0),
    bandwidth_gb      integer     CHECK (bandwidth_gb >= 0),
    suspension_reason text        CHECK (suspension_reason IN ('nonpayment', 'abuse', 'account', 'admin')),
    is_protected      boolean     NOT NULL DEFAULT false,
    terminate_at      timestamptz,
    revision          integer     NOT NULL DEFAULT 1,
    name_key          text        COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    hostname_key      text        COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(hostname)) STORED,
    CONSTRAINT servers_deleted_when_terminated CHECK ((status = 'terminated') = (deleted_at IS NOT NULL)),
    CONSTRAINT servers_suspended_for_a_reason CHECK (status <> 'suspended' OR suspension_reason IS NOT NULL)
);

CREATE INDEX servers_created_at ON servers (created_at, id);
CREATE INDEX servers_user_id ON servers (user_id, created_at, id);
CREATE INDEX servers_package_id ON servers (package_id, created_at, id);
CREATE INDEX servers_status ON servers (status, created_at, id);
CREATE INDEX servers_node_id ON servers (node_id, created_at, id);
CREATE INDEX servers_name ON servers (name_key, id);
CREATE INDEX servers_user_id_name ON servers (user_id, name_key, id);
CREATE INDEX servers_hostname ON servers (hostname_key);
CREATE INDEX servers_ip_address ON servers (ip_address);

COMMENT ON TABLE servers IS 'A virtual server of a customer.';
COMMENT ON COLUMN servers.ip_address IS 'Null until provisioned and again once terminated.';
COMMENT ON COLUMN servers.node_id IS 'The host that runs it, in the provider''s words. Null until provisioned; no business of customers.';
COMMENT ON COLUMN servers.deleted_at IS 'Soft delete: when it was terminated.';
COMMENT ON COLUMN servers.cpu_cores IS 'This and the other resources are copied from the package: a later change of the package leaves the server as it was bought.';
COMMENT ON COLUMN servers.bandwidth_gb IS 'A month. Null: unmetered, 0: none.';
COMMENT ON COLUMN servers.suspension_reason IS 'The system may lift only nonpayment and account.';
COMMENT ON COLUMN servers.is_protected IS 'Refuses termination, rebuild and resize.';
COMMENT ON COLUMN servers.terminate_at IS 'When it will be terminated; cancellable until then.';
COMMENT ON COLUMN servers.revision IS 'See users.revision.';
COMMENT ON COLUMN servers.name_key IS 'What names are sorted and searched by; see users.email_key.';
COMMENT ON COLUMN servers.hostname_key IS 'What hostnames are searched by; see users.email_key.';

CREATE TABLE server_actions (
    id           uuid        PRIMARY KEY,
    server_id    uuid        NOT NULL REFERENCES servers ON DELETE CASCADE,
    kind         text        NOT NULL CHECK (kind IN (
                                 'provision', 'start', 'stop', 'restart', 'rebuild', 'resize', 'suspend', 'unsuspend', 'terminate'
                             )),
    status       text        NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'succeeded', 'failed')),
    progress     integer     NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    error        text        CHECK (char_length(error) <= 500),
    provider_ref text        CHECK (char_length(provider_ref) <= 255),
    -- RESTRICT and not SET NULL: null says that the system asked.
    requested_by uuid        REFERENCES users ON DELETE RESTRICT,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    CONSTRAINT server_actions_finished CHECK ((status IN ('succeeded', 'failed')) = (finished_at IS NOT NULL))
);

CREATE INDEX server_actions_server_id ON server_actions (server_id, created_at, id);
CREATE INDEX server_actions_requested_by ON server_actions (requested_by);
CREATE UNIQUE INDEX server_actions_open_unique ON server_actions (server_id) WHERE status IN ('queued', 'running');

COMMENT ON TABLE server_actions IS 'One thing done to a server by the provider. A server has at most one open (queued or running) action.';
COMMENT ON COLUMN server_actions.error IS 'What the provider said when it failed, fit for the owner''s eyes.';
COMMENT ON COLUMN server_actions.provider_ref IS 'The provider''s own id of the job.';
COMMENT ON COLUMN server_actions.requested_by IS 'Null: the system.';
