// The session of a request: the bearer token of the header editor, else the cookie of this origin.

const isAuthorization = ([name]) => /^authorization$/i.test(name);
const isEmpty = ([, value]) => /^(bearer)?\s*$/i.test(String(value));

// The header editor starts with a bearer header that waits for its token. Sent as it is, it would be a malformed token and
// the whole request would be refused; so it is not sent before it has one.
export function withoutEmptyBearer(headers = {}) {
  const isWanted = (header) => !(isAuthorization(header) && isEmpty(header));
  return Object.fromEntries(Object.entries(headers).filter(isWanted));
}

// A request with a token and a cookie would name two sessions, which the server refuses.
export function fetchAsOne(url, init) {
  const hasToken = Object.entries(init.headers).some(isAuthorization);
  return fetch(url, { ...init, credentials: hasToken ? 'omit' : 'same-origin' });
}
