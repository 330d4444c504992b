DROP TABLE server_actions, servers, server_packages;
