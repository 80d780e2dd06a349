// The payer's whole way through a gateway, for k6: view, instalments, pay, the bank's pages, return, result.
// It is what `go run ./loadtest run whole` does, at k6's price per request; docs/loadtest.md says when to
// use which.
//
//   k6 run -e BASE=http://127.0.0.1:8080 -e KEY=sk_demo_odelink -e BANK=http://localhost:8081 loadtest/k6/journey.js
//
//   BASE        address of the gateway                    KEY       API key; several, separated by commas, take turns
//   BANK        simulated bank, for its books             RATE      ways that begin each second (20)
//   DURATION    seconds (30)                              VUS       ways at once at most (200)
//   CARD CVC    a test card that asks for nothing         PASSWORD  typed where the bank asks (123456)
//   AMOUNT      minor units of TRY (25000)                NETWORKS  1 = every payer from a network of his own
//
// Links are made in setup(), one for each way; the books are compared in teardown(), and a difference throws.
// A form that leads neither to this machine nor to BANK is not followed: no load test reaches a real bank.
import http from 'k6/http';
import { sleep } from 'k6';
import exec from 'k6/execution';
import { Rate } from 'k6/metrics';

const base = __ENV.BASE || 'http://127.0.0.1:8080';
const keys = (__ENV.KEY || 'sk_demo_odelink').split(',');
const bank = __ENV.BANK || '';
const rate = Number(__ENV.RATE || 20);
const seconds = Number(__ENV.DURATION || 30);
const vus = Number(__ENV.VUS || 200);
const card = __ENV.CARD || '4155650000001005';

const whole = new Rate('payer_whole'); // ways that came to their result

export const options = {
  scenarios: {
    // The open model: payers come when they come, however long the ones before them take.
    payers: { executor: 'constant-arrival-rate', rate: rate, timeUnit: '1s', duration: `${seconds}s`, preAllocatedVUs: Math.min(vus, 50), maxVUs: vus },
  },
  thresholds: {
    payer_whole: ['rate>0.999'],
    dropped_iterations: ['count<1'], // a payer who found no free VU was not measured
    'http_req_duration{step:view}': ['p(99)<250'],
    'http_req_duration{step:pay}': ['p(99)<1000'],
    'http_req_duration{step:return}': ['p(99)<2000'],
  },
  setupTimeout: '10m',
  teardownTimeout: '10m',
};

// setup makes a link for each way that will fall due.
export function setup() {
  const begun = new Date(Date.now() - 3000).toISOString();
  const tokens = [];
  const links = [];
  for (let n = Math.ceil(rate * seconds) + 1; tokens.length < n; ) {
    const answer = http.post(`${base}/v1/links`, JSON.stringify({ amount: Number(__ENV.AMOUNT || 25000), currency: 'TRY', usage: 'single' }), {
      headers: { Authorization: `Bearer ${keys[tokens.length % keys.length]}`, 'Content-Type': 'application/json' },
      tags: { step: 'links', name: 'links' },
    });
    if (answer.status === 429) {
      sleep(Number(answer.headers['Retry-After'] || 1));
    } else if (answer.status === 201) {
      tokens.push(answer.json('token'));
      links.push(answer.json('id'));
    } else {
      throw new Error(`POST /v1/links answers ${answer.status}: ${answer.body}`);
    }
  }
  return { tokens: tokens, links: links, begun: begun };
}

// The default function is one payer.
export default function (data) {
  const way = exec.scenario.iterationInTest;
  whole.add(way < data.tokens.length && pays(data.tokens[way], way));
}

// pays goes the way; true when the payer saw a result.
function pays(token, way) {
  const from = __ENV.NETWORKS ? { 'X-Forwarded-For': `${11 + (way >> 16) % 180}.${(way >> 8) & 255}.${way & 255}.1` } : {};
  const ask = (step, method, url, form, want) => {
    const headers = Object.assign({ 'Accept-Language': 'tr', 'Accept-Encoding': 'gzip' }, url.startsWith(base) ? from : {});
    const answer = http.request(method, url, form, { headers: headers, redirects: 0, tags: { step: step, name: step } });
    return want.indexOf(answer.status) >= 0 ? answer : null;
  };
  const page = `${base}/p/${token}`;

  let answer = ask('view', 'GET', page, null, [200]);
  const order = answer && readForm(answer.body, 'pay');
  if (!order || !ask('installments', 'GET', `${page}/installments?bin=${card.slice(0, 8)}`, null, [200])) return false;

  const typed = { card_number: card, card_expiry: expiry(), card_cvc: __ENV.CVC || '123', card_holder: 'Yuk Testi', installments: '1' };
  answer = ask('pay', 'POST', `${page}/pay`, Object.assign(order.hidden, typed), [200]);
  let form = answer && readForm(answer.body);

  // The bank's pages, until a form leads back.
  let at = page;
  for (let pages = 0; form && pages < 6; pages++) {
    const to = resolve(at, form.action);
    const back = to.match(/\/3ds\/pay_[^/?]+/);
    const fields = filled(form);
    if (back) {
      answer = ask('return', 'POST', base + back[0], fields, [303]);
      if (!answer) return false;
      return ask('result', 'GET', resolve(base, answer.headers.Location), null, [200]) !== null;
    }
    if (!may(to)) return false;
    answer = ask('bank', form.method, form.method === 'GET' ? withQuery(to, fields) : to, form.method === 'GET' ? null : fields, [200, 302, 303]);
    if (!answer) return false;
    at = to;
    form = answer.status === 200 ? readForm(answer.body) : { method: 'GET', action: answer.headers.Location, hidden: {}, asked: [] };
  }
  return false;
}

// teardown holds the ledger, as the API shows it, against the bank's books: payments of this test's links. Who
// else pays at the same gateway meanwhile is not judged.
export function teardown(data) {
  if (!bank) {
    console.warn('BANK was not named, so the books were not compared');
    return;
  }
  const own = {};
  for (const id of data.links) own[id] = true;
  const paid = payments(data.begun).filter((p) => own[p.link]);
  if (paid.length === 0) throw new Error('no payment of this test is listed: there is nothing that the books could be held against');
  const wrong = audit(paid, http.get(`${bank}/_bank/charges`, { tags: { step: 'books', name: 'books' } }).json());
  if (wrong.length > 0) throw new Error(`the books differ: ${wrong.slice(0, 10).join('; ')}`);
}

// patience is how many seconds payments that are in doubt are waited for: the gateway asks the bank meanwhile.
const patience = 30;

function payments(begun) {
  for (let waited = 0; ; waited++) {
    const all = [];
    for (let cursor = ''; cursor !== null; ) {
      const more = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const answer = http.get(`${base}/v1/payments?limit=100&from=${encodeURIComponent(begun)}${more}`, {
        headers: { Authorization: `Bearer ${keys[0]}` },
        tags: { step: 'books', name: 'books' },
      });
      if (answer.status === 429) {
        sleep(Number(answer.headers['Retry-After'] || 1));
        continue;
      }
      if (answer.status !== 200) throw new Error(`GET /v1/payments answers ${answer.status}`);
      const list = answer.json();
      all.push(...list.data);
      cursor = list.next_cursor;
    }
    if (waited === patience || !all.some((p) => p.status === 'authorizing' || p.status === 'pending')) return all;
    sleep(1);
  }
}

// audit names every payment that the two disagree about, and every link that was paid twice.
export function audit(payments, charges) {
  const standing = {};
  for (const c of charges) {
    if (c.status === 'authorized') (standing[c.order_id] = standing[c.order_id] || []).push(c);
  }
  const wrong = [];
  const paid = {};
  for (const p of payments) {
    const charged = standing[p.bank_order_id] || [];
    if (charged.length > 1) wrong.push(`${p.id} was charged ${charged.length} times`);
    if ((p.status === 'paid') !== (charged.length > 0)) wrong.push(`${p.id} is ${p.status} and was charged ${charged.length} times`);
    if (charged.length > 0 && (charged[0].amount !== p.total || charged[0].currency !== p.currency)) wrong.push(`${p.id} was charged another amount`);
    if (p.status === 'paid') paid[p.link] = (paid[p.link] || 0) + 1;
  }
  for (const link of Object.keys(paid)) {
    if (paid[link] > 1) wrong.push(`${link} was paid ${paid[link]} times`);
  }
  return wrong;
}

// readForm finds a page's form of this id, or its first: {method, action, hidden, asked}.
function readForm(page, id) {
  const forms = /<form\b([^>]*)>([\s\S]*?)<\/form/gi;
  for (let m = forms.exec(page); m; m = forms.exec(page)) {
    if (id && attribute(m[1], 'id') !== id) continue;
    const form = { method: (attribute(m[1], 'method') || 'POST').toUpperCase(), action: attribute(m[1], 'action'), hidden: {}, asked: [] };
    const inputs = /<input\b([^>]*)>/gi;
    for (let i = inputs.exec(m[2]); i; i = inputs.exec(m[2])) {
      const name = attribute(i[1], 'name');
      const type = attribute(i[1], 'type') || 'text';
      if (name && type === 'hidden') form.hidden[name] = attribute(i[1], 'value');
      else if (name && ['text', 'tel', 'number', 'password'].indexOf(type) >= 0) form.asked.push(name);
    }
    return form;
  }
  return null;
}

// filled is a form as a card holder sends it.
function filled(form) {
  const fields = Object.assign({}, form.hidden);
  for (const name of form.asked) fields[name] = __ENV.PASSWORD || '123456';
  return fields;
}

// attribute is a tag's, unescaped; '' when it has none.
function attribute(tag, name) {
  const m = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag);
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return m ? m[1].replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, dec, hex, word) =>
    dec ? String.fromCodePoint(Number(dec)) : hex ? String.fromCodePoint(parseInt(hex, 16)) : named[word] || all) : '';
}

// resolve is an address as a page at another one means it.
function resolve(at, to) {
  if (/^https?:\/\//i.test(to)) return to;
  const origin = at.match(/^https?:\/\/[^/?#]+/i)[0];
  if (to.startsWith('//')) return origin.split('//')[0] + to;
  if (to.startsWith('/')) return origin + to;
  const path = at.slice(origin.length).split(/[?#]/)[0];
  if (to === '' || to.startsWith('?')) return origin + path + to;
  return origin + (path.slice(0, path.lastIndexOf('/') + 1) || '/') + to;
}

function withQuery(url, fields) {
  const query = Object.keys(fields).map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(fields[name])}`).join('&');
  return query ? `${url.split('?')[0]}?${query}` : url;
}

// may says whether a payer may be sent there: to this machine or to the simulated bank.
export function may(url) {
  const host = url.match(/^https?:\/\/([^/?#@]+)(?:[/?#]|$)/i);
  if (!host) return false;
  return (bank !== '' && resolve(url, '/') === resolve(bank, '/')) || /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host[1]);
}

// expiry is three years from now, "MM/YY".
function expiry() {
  const now = new Date();
  return `${`0${now.getMonth() + 1}`.slice(-2)}/${`${now.getFullYear() + 3}`.slice(-2)}`;
}
