"""A webhook receiver with the standard library alone.

    WEBHOOK_SECRET=whsec_… ADDR=127.0.0.1:4000 python3 docs/webhooks/receiver.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 5 * 60  # seconds: what somebody recorded cannot be sent again later


def verify(secret, headers, body, now):
    """Raises ValueError unless the webhook is from the gateway: our secret, these bytes, just now."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    message_id = headers.get("webhook-id", "")
    sent = headers.get("webhook-timestamp", "")
    if not message_id or not sent.isascii() or not sent.isdigit():
        raise ValueError("no webhook")
    if abs(now - int(sent)) > TOLERANCE:
        raise ValueError("too old, or from the future")
    mac = hmac.new(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256)
    want = "v1," + base64.b64encode(mac.digest()).decode()
    # Two signatures while the secret rotates.
    for one in headers.get("webhook-signature", "").split():
        if hmac.compare_digest(one.encode(), want.encode()):
            return
    raise ValueError("not signed with our secret")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            length = int(self.headers.get("content-length", 0))
            if length > 1 << 20:
                raise ValueError("too large")
            body = self.rfile.read(length)
            verify(os.environ["WEBHOOK_SECRET"], self.headers, body, time.time())
            event = json.loads(body)
        except ValueError:
            self.send_response(400)
            self.end_headers()
            return
        # Remember event["id"]: the same event may come twice. Do the work after the answer.
        print(event["id"], event["type"], flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    host, port = os.environ["ADDR"].rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Receiver)
    print("listening on %s:%d" % server.server_address[:2], flush=True)
    server.serve_forever()
