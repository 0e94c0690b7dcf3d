<?php
// Stands in for pusher-http-php 7.2: builds and signs requests the way it does. See script.ts.

final class Pusher
{
    private string $key;
    private string $secret;
    private string $base;
    private string $url;

    public function __construct(array $app, int $port, string $path)
    {
        $this->key = $app['key'];
        $this->secret = $app['secret'];
        $this->base = '/apps/' . $app['id'];
        // The prefix becomes part of the address, never of what is signed.
        $this->url = "http://127.0.0.1:$port$path";
    }

    public function trigger(array $channels, string $event, mixed $data, array $params = []): array
    {
        $body = ['name' => $event, 'data' => json_encode($data)];
        $body += count($channels) === 1 ? ['channel' => $channels[0]] : ['channels' => $channels];
        return $this->post('/events', json_encode($body + $params));
    }

    public function sendToUser(string $user, string $event, mixed $data): array
    {
        return $this->trigger(["#server-to-user-$user"], $event, $data);
    }

    public function triggerBatch(array $events): array
    {
        foreach ($events as $index => $event) {
            if (!is_string($event['data'])) {
                $events[$index]['data'] = json_encode($event['data']);
            }
        }
        return $this->post('/batch_events', json_encode(['batch' => $events]));
    }

    public function terminateUserConnections(string $user): array
    {
        return $this->post("/users/$user/terminate_connections", '{}');
    }

    public function getChannels(array $params = []): array
    {
        return $this->get('/channels', $params);
    }

    public function getChannelInfo(string $channel, array $params = []): array
    {
        return $this->get("/channels/$channel", $params);
    }

    public function getPresenceUsers(string $channel): array
    {
        return $this->get("/channels/$channel/users", []);
    }

    public function authorizeChannel(string $channel, string $socket, ?string $data = null): array
    {
        $text = $data === null ? "$socket:$channel" : "$socket:$channel:$data";
        $auth = ['auth' => $this->key . ':' . $this->hash($text)];
        return ['status' => 0, 'body' => $data === null ? $auth : $auth + ['channel_data' => $data]];
    }

    public function authorizePresenceChannel(string $channel, string $socket, string $user, array $info): array
    {
        return $this->authorizeChannel($channel, $socket, json_encode(['user_id' => $user, 'user_info' => $info]));
    }

    public function authenticateUser(string $socket, array $user): array
    {
        $data = json_encode($user);
        $auth = $this->key . ':' . $this->hash("$socket::user::$data");
        return ['status' => 0, 'body' => ['auth' => $auth, 'user_data' => $data]];
    }

    private function get(string $path, array $params): array
    {
        return $this->request('GET', $this->base . $path, $params, null);
    }

    private function post(string $path, string $body): array
    {
        return $this->request('POST', $this->base . $path, ['body_md5' => md5($body)], $body);
    }

    private function request(string $method, string $path, array $params, ?string $body): array
    {
        $params += ['auth_key' => $this->key, 'auth_timestamp' => time(), 'auth_version' => '1.0'];
        ksort($params);
        $pairs = [];
        foreach ($params as $name => $value) {
            // Signed with commas; below, http_build_query writes the same list as info[0]=…&info[1]=…
            $pairs[] = $name . '=' . (is_array($value) ? implode(',', $value) : $value);
        }
        $params['auth_signature'] = $this->hash("$method\n$path\n" . implode('&', $pairs));
        $query = http_build_query($params, '', '&', PHP_QUERY_RFC3986);
        // The HTTP library percent-encodes what may not stand in a path; the signature is over the text before.
        $encoded = preg_replace_callback('/[^A-Za-z0-9\-._~!$&\'()*+,;=:@\/%]/', fn ($m) => rawurlencode($m[0]), $path);
        return $this->send($method, "$this->url$encoded?$query", $body);
    }

    private function send(string $method, string $url, ?string $body): array
    {
        $headers = ['Content-Type: application/json', 'X-Pusher-Library: pusher-http-php 7.2.6'];
        $options = [
            'method' => $method,
            'header' => $headers,
            'ignore_errors' => true,
            'protocol_version' => 1.1,
            'timeout' => 10,
        ];
        if ($body !== null) {
            $options['content'] = $body;
        }
        $answer = file_get_contents($url, false, stream_context_create(['http' => $options]));
        preg_match('/^HTTP\/1\.1 (\d+)/', $http_response_header[0], $matches);
        return ['status' => (int) $matches[1], 'body' => json_decode($answer, false, 512, JSON_THROW_ON_ERROR)];
    }

    private function hash(string $text): string
    {
        return hash_hmac('sha256', $text, $this->secret);
    }
}

$job = json_decode(stream_get_contents(STDIN), true);
$pusher = new Pusher($job['app'], $job['port'], $job['path'] ?? '');
$answers = [];
foreach ($job['calls'] as $call) {
    $method = array_shift($call);
    $answers[] = $pusher->$method(...$call);
}
echo json_encode($answers);
