// What GraphiQL may keep: for as long as the tab is open, since a login holds a password, and never a header, since one
// holds the token. `shouldPersistHeaders: false` covers the editors only; the history stores the headers of what was sent.

const isHistory = (key) => /:(queries|favorites)$/.test(key);
const withoutHeaders = (json) => JSON.stringify(JSON.parse(json), (name, value) => (name === 'headers' ? null : value));

export const storage = {
  get length() {
    return sessionStorage.length;
  },
  getItem: (key) => sessionStorage.getItem(key),
  setItem: (key, value) => sessionStorage.setItem(key, isHistory(key) ? withoutHeaders(value) : value),
  removeItem: (key) => sessionStorage.removeItem(key),
  clear: () => sessionStorage.clear(),
};
