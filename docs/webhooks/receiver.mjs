// A webhook receiver with Node's own modules alone.
//
//     WEBHOOK_SECRET=whsec_… ADDR=127.0.0.1:4000 node docs/webhooks/receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE = 5 * 60; // seconds: what somebody recorded cannot be sent again later

/** Throws unless the webhook is from the gateway: signed with our secret, over these bytes, just now. */
function verify(secret, headers, body, now) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const id = headers["webhook-id"] ?? "";
  const sent = headers["webhook-timestamp"] ?? "";
  if (!id || !/^[0-9]+$/.test(sent)) throw new Error("no webhook");
  if (Math.abs(now - Number(sent)) > TOLERANCE) throw new Error("too old, or from the future");
  const mac = createHmac("sha256", key).update(`${id}.${sent}.`).update(body).digest("base64");
  const want = Buffer.from(`v1,${mac}`);
  for (const one of (headers["webhook-signature"] ?? "").split(" ")) { // two while the secret rotates
    const got = Buffer.from(one);
    if (got.length === want.length && timingSafeEqual(got, want)) return;
  }
  throw new Error("not signed with our secret");
}

const server = createServer((request, response) => {
  const parts = [];
  let size = 0;
  request.on("data", (part) => {
    size += part.length;
    if (size > 1 << 20) request.destroy();
    else parts.push(part);
  });
  request.on("end", () => {
    const body = Buffer.concat(parts); // the bytes as they came: parsed and written again they may differ
    let event;
    try {
      verify(process.env.WEBHOOK_SECRET, request.headers, body, Date.now() / 1000);
      event = JSON.parse(body.toString());
    } catch {
      response.writeHead(400).end();
      return;
    }
    // Remember event.id: the same event may come twice. Do the work after the answer.
    console.log(event.id, event.type);
    response.writeHead(204).end();
  });
});

const [host, port] = process.env.ADDR.split(":");
server.listen(Number(port), host, () => console.log(`listening on ${host}:${server.address().port}`));
