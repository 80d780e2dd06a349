<?php
// A webhook receiver with PHP alone; in production, the script behind your web server's address.
//
//     WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:4000 docs/webhooks/receiver.php
declare(strict_types=1);

const TOLERANCE = 5 * 60; // seconds: what somebody recorded cannot be sent again later

/** Says whether the webhook is from the gateway: signed with our secret, over these bytes, just now. */
function verified(string $secret, string $id, string $sent, string $signatures, string $body, int $now): bool
{
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
    if ($key === false || $key === '' || $id === '' || !ctype_digit($sent) || abs($now - (int) $sent) > TOLERANCE) {
        return false;
    }
    $want = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sent.$body", $key, true));
    foreach (explode(' ', $signatures) as $one) { // two while the secret rotates
        if (hash_equals($want, $one)) {
            return true;
        }
    }
    return false;
}

$body = (string) file_get_contents('php://input'); // the bytes as they came: parsed and written again they may differ
$good = verified(
    (string) getenv('WEBHOOK_SECRET'),
    $_SERVER['HTTP_WEBHOOK_ID'] ?? '',
    $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '',
    $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '',
    $body,
    time(),
);
$event = $good ? json_decode($body, true) : null;
if (!is_array($event)) {
    http_response_code(400);
    exit;
}
// Remember $event['id']: the same event may come twice. Do the work after the answer.
error_log($event['id'] . ' ' . $event['type']);
http_response_code(204);
