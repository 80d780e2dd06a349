// Runs a k6 script without k6: stand-ins for the modules it imports, a few iterations one after another. They
// are as k6's for what the script uses; times and thresholds they know nothing of.
//
//   node run.mjs SCRIPT ITERATIONS     prints {"whole":n,"ways":n,"audit":[…],"may":[…]}
import { mkdirSync, mkdtempSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads';

const [script, iterations] = process.argv.slice(2);
const dir = mkdtempSync(join(tmpdir(), 'k6-'));
process.on('exit', () => rmSync(dir, { recursive: true }));
const k6 = join(dir, 'node_modules', 'k6');
mkdirSync(k6, { recursive: true });
writeFileSync(join(k6, 'package.json'), JSON.stringify({
  name: 'k6', type: 'module', exports: { '.': './index.js', './http': './http.js', './execution': './execution.js', './metrics': './metrics.js' },
}));
writeFileSync(join(k6, 'index.js'), 'export const sleep = globalThis.k6.sleep;');
writeFileSync(join(k6, 'http.js'), 'export default globalThis.k6.http;');
writeFileSync(join(k6, 'execution.js'), 'export default globalThis.k6.execution;');
writeFileSync(join(k6, 'metrics.js'), 'export class Rate { add(ok) { globalThis.k6.rate.push(ok); } }');

// fetcher makes requests in a thread of its own, while this one waits: k6's are synchronous, node's are not.
const fetcher = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.on('message', async ({ method, url, body, headers }) => {
  let answer;
  try {
    const r = await fetch(url, { method, body: body ?? undefined, headers, redirect: 'manual' });
    const kept = {};
    for (const [name, value] of r.headers) kept[name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())] = value;
    answer = { status: r.status, body: await r.text(), headers: kept };
  } catch (err) {
    answer = { status: 0, body: String(err), headers: {} }; // as k6 answers a request that failed
  }
  workerData.port.postMessage(answer);
  Atomics.store(workerData.over, 0, 1);
  Atomics.notify(workerData.over, 0);
});`;
const { port1, port2 } = new MessageChannel();
const over = new Int32Array(new SharedArrayBuffer(4));
const worker = new Worker(fetcher, { eval: true, workerData: { port: port2, over }, transferList: [port2] });

function request(method, url, body, params = {}) {
  const headers = { ...params.headers };
  if (body && typeof body === 'object') {
    body = new URLSearchParams(body).toString();
    headers['Content-Type'] = 'application/x-www-form-urlencoded';
  }
  Atomics.store(over, 0, 0);
  worker.postMessage({ method, url, body, headers });
  Atomics.wait(over, 0, 0);
  const answer = receiveMessageOnPort(port1).message;
  answer.json = (name) => (name ? JSON.parse(answer.body)[name] : JSON.parse(answer.body));
  return answer;
}

const scenario = { iterationInTest: 0 };
globalThis.k6 = {
  sleep: (s) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, s * 1000),
  http: { request, get: (url, params) => request('GET', url, null, params), post: (url, body, params) => request('POST', url, body, params) },
  execution: { scenario },
  rate: [],
};
globalThis.__ENV = process.env;

const copy = join(dir, 'journey.mjs');
copyFileSync(script, copy);
const journey = await import(pathToFileURL(copy));
const data = JSON.parse(JSON.stringify(journey.setup())); // as k6 hands it on
for (; scenario.iterationInTest < Number(iterations); scenario.iterationInTest++) journey.default(data);
journey.teardown(data);

const p = { id: 'pay_1', link: 'lnk_1', status: 'paid', bank_order_id: 'A', total: 100, currency: 'TRY' };
const c = { order_id: 'A', status: 'authorized', amount: 100, currency: 'TRY' };
console.log(JSON.stringify({
  whole: globalThis.k6.rate.filter(Boolean).length,
  ways: globalThis.k6.rate.length,
  model: Object.values(journey.options.scenarios)[0].executor,
  audit: [
    journey.audit([p], [c]), journey.audit([p], []), journey.audit([p], [c, c]), journey.audit([{ ...p, status: 'declined' }], [c]),
    journey.audit([p], [{ ...c, amount: 99 }]), journey.audit([p, { ...p, id: 'pay_2', bank_order_id: 'B' }], [c, { ...c, order_id: 'B' }]),
    journey.audit([{ ...p, status: 'declined' }], [{ ...c, status: 'voided' }]),
  ].map((wrong) => wrong.length > 0),
  may: ['http://localhost:1/acs', 'http://127.0.0.1/x', 'https://vpos.bank.example/x', 'http://localhost.bank.example/', 'http://127.0.0.1@bank.example/', 'javascript:x'].map(journey.may),
}));
await worker.terminate();
