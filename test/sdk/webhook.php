<?php
// A page that receives webhooks as pusher-http-php 7.2 does: it looks the headers up by exactly these names in what
// getallheaders() gives, and compares the signature as text. Tells the test on standard output.

$headers = getallheaders();
$body = file_get_contents('php://input');
$key = $headers['X-Pusher-Key'];
$signature = $headers['X-Pusher-Signature'];
$valid = $key === getenv('PUSHER_APP_KEY') && hash_hmac('sha256', $body, getenv('PUSHER_APP_SECRET')) === $signature;
http_response_code($valid ? 200 : 401);
$told = ['valid' => $valid, 'contentType' => $headers['Content-Type'], 'body' => json_decode($body)];
file_put_contents('php://stdout', json_encode($told) . "\n");
