// Monaco works in three workers; all of them come from this origin.
const files = { json: './json.worker.js', graphql: './graphql.worker.js' };

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const file = files[label] ?? './editor.worker.js';
    return new Worker(new URL(file, import.meta.url), { type: 'module' });
  },
};
