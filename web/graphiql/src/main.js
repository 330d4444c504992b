import './workers.js';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import { fetchAsOne, withoutEmptyBearer } from './session.js';
import { storage } from './storage.js';
import * as welcome from './welcome.js';

const element = document.getElementById('graphiql');
const { endpoint, subscriptions } = element.dataset;

// A subscription opens a websocket, whose connection_init payload holds the headers of the header editor: the server reads
// the token there as well. Incremental delivery is off because it asks for multipart/mixed, which the server does not speak.
const fetcher = createGraphiQLFetcher({
  url: new URL(endpoint, location.href).toString(),
  subscriptionUrl: new URL(subscriptions, location.href.replace(/^http/, 'ws')).toString(),
  enableIncrementalDelivery: false,
  fetch: fetchAsOne,
});

const page = createElement(GraphiQL, {
  fetcher: (parameters, options) => fetcher(parameters, { ...options, headers: withoutEmptyBearer(options?.headers) }),
  plugins: [HISTORY_PLUGIN, explorerPlugin()],
  defaultQuery: welcome.query,
  defaultHeaders: welcome.headers,
  defaultEditorToolsVisibility: 'headers',
  shouldPersistHeaders: false,
  storage,
});
createRoot(element).render(page);
