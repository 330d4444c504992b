const element = (id) => document.getElementById(id);
const text = (id) => element(id).value;

function headers() {
  const all = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json;q=0.9',
  };
  const authorization = text('authorization').trim();
  // A bearer header without a token would be refused; it is left out until there is one.
  if (!/^(bearer)?$/i.test(authorization)) all.authorization = authorization;
  return all;
}

async function send() {
  const body = JSON.stringify({ query: text('query'), variables: JSON.parse(text('variables') || '{}') });
  const all = headers();
  // A token and a cookie would name two sessions, which the server refuses.
  const credentials = all.authorization ? 'omit' : 'same-origin';
  const response = await fetch('graphql', { method: 'POST', headers: all, credentials, body });
  return `${response.status}\n${JSON.stringify(await response.json(), null, 2)}`;
}

element('run').addEventListener('click', async () => {
  element('answer').textContent = await send().catch(String);
});
