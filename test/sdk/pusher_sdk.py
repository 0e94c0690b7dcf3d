"""Stands in for pusher-http-python 3: builds and signs requests the way it does. See script.ts."""

import hashlib
import hmac
import http.client
import json
import sys
import time


class Pusher:
    def __init__(self, app, port):
        self.app_id = app["id"]
        self.key = app["key"]
        self.secret = app["secret"]
        # One connection for all requests, as the session of the requests library keeps it.
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def trigger(self, channels, event, data, socket_id=None):
        params = {"name": event, "channels": channels, "data": text_of(data)}
        if socket_id:
            params["socket_id"] = socket_id
        return self.post("/apps/%s/events" % self.app_id, params)

    def send_to_user(self, user, event, data):
        return self.trigger(["#server-to-user-%s" % user], event, data)

    def trigger_batch(self, batch):
        for event in batch:
            event["data"] = text_of(event["data"])
        return self.post("/apps/%s/batch_events" % self.app_id, {"batch": batch})

    def channels_info(self, prefix_filter=None, attributes=()):
        params = {}
        if attributes:
            params["info"] = ",".join(attributes)
        if prefix_filter:
            params["filter_by_prefix"] = prefix_filter
        return self.get("/apps/%s/channels" % self.app_id, params)

    def channel_info(self, channel, attributes=()):
        params = {"info": ",".join(attributes)} if attributes else {}
        return self.get("/apps/%s/channels/%s" % (self.app_id, channel), params)

    def users_info(self, channel):
        return self.get("/apps/%s/channels/%s/users" % (self.app_id, channel), {})

    def terminate_user_connections(self, user):
        # The app's id is missing in the SDK too.
        return self.post("/users/%s/terminate_connections" % user, {})

    def authenticate(self, channel, socket_id, custom_data=None):
        if custom_data is None:
            return local({"auth": self.auth("%s:%s" % (socket_id, channel))})
        data = json.dumps(custom_data)
        auth = self.auth("%s:%s:%s" % (socket_id, channel, data))
        return local({"auth": auth, "channel_data": data})

    def authenticate_user(self, socket_id, user):
        data = json.dumps(user)
        return local({"auth": self.auth("%s::user::%s" % (socket_id, data)), "user_data": data})

    def validate_webhook(self, key, signature, body):
        if key != self.key or not hmac.compare_digest(self.hash(body), signature):
            return local(None)
        received = json.loads(body)
        # Older ones may have been recorded by somebody.
        if abs(time.time() * 1000 - received["time_ms"]) > 300000:
            return local(None)
        return local(received)

    def get(self, path, params):
        return self.request("GET", path, params, b"")

    def post(self, path, params):
        return self.request("POST", path, {}, json.dumps(params).encode("utf8"))

    def request(self, method, path, query, body):
        query = dict(query)
        query["auth_key"] = self.key
        # Also of the empty body of a GET.
        query["body_md5"] = hashlib.md5(body).hexdigest()
        query["auth_version"] = "1.0"
        query["auth_timestamp"] = "%.0f" % time.time()
        signed = "\n".join([method, path, query_string(query)])
        query["auth_signature"] = self.hash(signed)
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        target = "%s?%s" % (path, query_string(query))
        self.connection.request(method, target, body or None, headers)
        response = self.connection.getresponse()
        return {"status": response.status, "body": json.loads(response.read())}

    def auth(self, text):
        return "%s:%s" % (self.key, self.hash(text))

    def hash(self, text):
        return hmac.new(self.secret.encode("utf8"), text.encode("utf8"), hashlib.sha256).hexdigest()


def query_string(params):
    """Nothing is percent-encoded."""
    return "&".join("=".join(pair) for pair in sorted(params.items()))


def text_of(data):
    return data if isinstance(data, str) else json.dumps(data)


def local(value):
    return {"status": 0, "body": value}


job = json.load(sys.stdin)
pusher = Pusher(job["app"], job["port"])
print(json.dumps([getattr(pusher, call[0])(*call[1:]) for call in job["calls"]]))
