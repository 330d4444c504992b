// What a fresh tab shows.

export const query = `# SkyPANEL: most fields need a session.
#
# 1. Fill in your own login, then run it (Ctrl-Enter).
# 2. Copy the token. It is shown only once.
# 3. Paste it under "Headers", below, after "Bearer ":
#      { "Authorization": "Bearer sps_..." }
# 4. Re-fetch the schema (the arrows at the bottom left)
#    if it was refused before.
#
# The page forgets the headers when it is closed.
# With them, ask for example: { viewer { id } }

mutation LogIn {
  login(
    input: {
      login: "you@example.com"
      password: "your password"
    }
  ) {
    token
    userErrors {
      code
      message
    }
  }
}
`;

export const headers = `{
  "Authorization": "Bearer "
}`;
